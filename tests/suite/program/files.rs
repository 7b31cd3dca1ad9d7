//! Sending files with the real programs, over both transports; the server is killed in the middle.

use super::harness::{Client, Server, folder};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Bytes without a pattern that a mistake could repeat.
fn bytes(len: usize) -> Vec<u8> {
    let mut state: u32 = 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// How much of any file is in the server's folder.
fn spooled(home: &Path) -> u64 {
    let entries = fs::read_dir(home.join("data").join("files")).into_iter().flatten().flatten();
    let sizes = entries.filter(|entry| entry.path().extension().is_some_and(|kind| kind != "note"));
    sizes.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
}

fn five_megabytes_over(transport: &str) {
    let (home, mine, theirs) = (folder(), folder(), folder());
    let path = mine.path().join("with blanks.bin");
    let sent = bytes(5_000_000);
    fs::write(&path, &sent).expect("written");
    let server = Server::anywhere(home.path(), &[]);
    let address = server.address;
    let downloads = theirs.path().to_str().expect("text");
    let mut ann = Client::person(address, "ann", &["--transport", transport]);
    let mut bob = Client::person(address, "bob", &["--transport", transport, "--download-dir", downloads]);
    ann.wait_joined();
    bob.wait_joined();
    ann.say(&format!("/send \"{}\" bob", path.display()));
    while spooled(home.path()) < 300_000 {
        std::thread::sleep(Duration::from_millis(2));
    }
    server.kill();
    let _server = Server::start(home.path(), &address.to_string(), &[]);
    let told = ann.wait_event("file-sent");
    assert_eq!((&told["line"], &told["to"], &told["size"]), (&1.into(), &"bob".into(), &5_000_000.into()));
    let offer = bob.wait_event("file-offered");
    assert_eq!((&offer["name"], &offer["from"]), (&"with blanks.bin".into(), &"ann".into()));
    bob.say(&format!("/accept {}", offer["id"]));
    let received = bob.wait_event("file-received");
    assert_eq!((&received["line"], &received["digest"]), (&1.into(), &told["digest"]));
    let place = theirs.path().join("with blanks.bin");
    assert_eq!(received["path"], place.display().to_string());
    assert!(fs::read(place).expect("there") == sent, "the bytes are those that were sent");
}

#[test]
fn five_megabytes_arrive_over_udp_though_the_server_is_killed_in_the_middle() {
    five_megabytes_over("udp");
}

#[test]
fn five_megabytes_arrive_over_tcp_though_the_server_is_killed_in_the_middle() {
    five_megabytes_over("tcp");
}

#[test]
fn a_script_sends_a_file_to_a_room_and_leaves_when_the_server_has_it() {
    let (home, mine) = (folder(), folder());
    let path = mine.path().join("a.txt");
    fs::write(&path, "hello").expect("written");
    let server = Server::anywhere(home.path(), &["--file-size", "10kB"]);
    let mut ann = Client::person(server.address, "ann", &[]);
    ann.say(&format!("/send {}", path.display()));
    ann.end_input();
    assert_eq!(ann.exit_code(), Some(0));
    assert_eq!(ann.wait_event("file-sent")["room"], "lobby");
    let mut bob = Client::person(server.address, "bob", &[]);
    let offer = bob.wait_event("file-offered");
    assert_eq!((&offer["room"], &offer["size"]), (&"lobby".into(), &5.into()));
    bob.say(&format!("/decline {}", offer["id"]));
    bob.wait_event("file-declined");
    fs::write(&path, vec![0; 20_000]).expect("written");
    bob.say(&format!("/send {}", path.display()));
    let failed = bob.wait_event("file-failed");
    assert_eq!((&failed["code"], &failed["line"]), (&"file-too-large".into(), &2.into()));
    bob.end_input();
    assert_eq!(bob.exit_code(), Some(1), "it was not delivered");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_for_the_receiver_is_told_and_the_rest_comes_later() {
    let (home, mine) = (folder(), folder());
    let path = mine.path().join("a.bin");
    fs::write(&path, bytes(100_000)).expect("written");
    let server = Server::anywhere(home.path(), &["--ephemeral"]);
    let mut ann = Client::person(server.address, "ann", &[]);
    let downloads = mine.path().join("in");
    let mut bob =
        Client::person(server.address, "bob", &["--download-dir", downloads.to_str().expect("text")]);
    bob.wait_joined();
    ann.wait_joined();
    ann.say(&format!("/send {} bob", path.display()));
    let offer = bob.wait_event("file-offered");
    // A part that is a link to a device without room.
    let digest = offer["digest"].as_str().expect("text")[..8].to_owned();
    fs::create_dir(&downloads).expect("made");
    let part = downloads.join(format!("a.bin.{digest}.part"));
    std::os::unix::fs::symlink("/dev/full", &part).expect("linked");
    bob.say(&format!("/accept {}", offer["id"]));
    assert_eq!(bob.wait_event("file-failed")["code"], "storage-failed");
    fs::remove_file(part).expect("removed");
    bob.say(&format!("/accept {}", offer["id"]));
    assert_eq!(bob.wait_event("file-received")["size"], 100_000);
}
