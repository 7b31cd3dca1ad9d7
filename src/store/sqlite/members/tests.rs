//! Accounts and tokens in a file that two processes have open.

use super::*;
use tempfile::TempDir;

const SERVER: Key = [1; 32];

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder to test in");
    let path = folder.path().join("members.db");
    (folder, path)
}

fn file(path: &Path) -> MembersFile {
    MembersFile::at(path.to_owned(), SERVER)
}

fn token(byte: u8, name: Option<&str>, expires_ms: u64) -> NewToken {
    let name = name.map(|name| (name.to_owned(), name.to_lowercase()));
    NewToken { kept: [byte; 32], name, role: Role::Moderator, note: "for the lab".to_owned(), expires_ms }
}

#[test]
fn an_account_that_is_added_elsewhere_is_there_at_the_next_question() {
    let (_folder, path) = place();
    let (mut serving, mut changing) = (file(&path), file(&path));
    assert_eq!(serving.member("ann", 0), Ok(None));
    assert!(!path.exists(), "asking makes no file");
    changing.add_account("Ann", "ann", &[7; 32], Role::Owner, 5).expect("added");
    let member = Member { kept: Some([7; 32]), role: Role::Owner };
    assert_eq!(serving.member("ann", 0), Ok(Some(member)));
    assert_eq!(changing.set_password("ann", &[8; 32]), Ok(true));
    assert_eq!(serving.member("ann", 0), Ok(Some(Member { kept: Some([8; 32]), ..member })));
    let listed = AccountRow { name: "Ann".to_owned(), role: Role::Owner, made_ms: 5 };
    assert_eq!(serving.accounts(), Ok(vec![listed]));
    assert_eq!((changing.remove_account("ann"), changing.remove_account("ann")), (Ok(true), Ok(false)));
    assert_eq!(serving.member("ann", 0), Ok(None));
    assert_eq!(changing.set_password("ann", &[8; 32]), Ok(false));
}

#[test]
fn an_account_is_not_added_twice() {
    let (_folder, path) = place();
    let mut members = file(&path);
    members.add_account("Ann", "ann", &[7; 32], Role::Member, 5).expect("added");
    let again = members.add_account("ANN", "ann", &[8; 32], Role::Member, 6).expect_err("there is one");
    assert!(again.to_string().contains("account passwd ANN"), "{again}");
    assert_eq!(members.member("ann", 0).unwrap().unwrap().kept, Some([7; 32]));
}

#[test]
fn a_token_is_good_until_its_time_is_over_or_it_is_taken_back() {
    let (_folder, path) = place();
    let (mut serving, mut changing) = (file(&path), file(&path));
    assert_eq!(serving.token(&[1; 32], 0), Ok(TokenStanding::Unknown));
    assert_eq!(changing.issue(&token(1, None, 100), 3), Ok(1));
    assert_eq!(changing.issue(&token(2, Some("Ann"), 100), 3), Ok(2));
    let any = Pass { skeleton: None, role: Role::Moderator };
    assert_eq!(serving.token(&[1; 32], 99), Ok(TokenStanding::Good(any)));
    assert_eq!(serving.token(&[1; 32], 100), Ok(TokenStanding::Expired));
    assert_eq!(serving.token(&[3; 32], 99), Ok(TokenStanding::Unknown));
    assert_eq!(
        (changing.revoke(1, 50), changing.revoke(1, 51), changing.revoke(9, 51)),
        (Ok(true), Ok(false), Ok(false))
    );
    assert_eq!(serving.token(&[1; 32], 99), Ok(TokenStanding::Revoked));
    let listed = changing.tokens().expect("a list");
    assert_eq!((listed[0].used_ms, listed[0].revoked_ms), (Some(99), Some(50)));
    assert_eq!((listed[1].name.as_deref(), listed[1].used_ms), (Some("Ann"), None));
}

#[test]
fn a_name_with_a_good_token_for_it_is_asked_for_it() {
    let (_folder, path) = place();
    let mut members = file(&path);
    members.issue(&token(2, Some("Ann"), 100), 3).expect("issued");
    assert_eq!(members.member("ann", 99), Ok(Some(Member { kept: None, role: Role::Moderator })));
    assert_eq!(members.member("ann", 100), Ok(None), "its time is over");
    members.revoke(1, 50).expect("revoked");
    assert_eq!(members.member("ann", 99), Ok(None));
}

#[test]
fn a_file_of_another_key_of_another_program_or_of_a_later_version_is_left_alone() {
    let (_folder, path) = place();
    file(&path).add_account("Ann", "ann", &[7; 32], Role::Member, 5).expect("added");
    let other = MembersFile::at(path.clone(), [2; 32]).open_existing().expect_err("another key");
    assert!(matches!(other, MembersError::OtherKey { .. }) && other.to_string().contains("server.key"));
    let tamper = |sql: &str| Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    tamper("PRAGMA user_version = 2");
    assert!(matches!(file(&path).open_existing(), Err(MembersError::Newer { .. })));
    tamper("PRAGMA application_id = 5");
    assert!(matches!(file(&path).open_existing(), Err(MembersError::Foreign { .. })));
    std::fs::write(&path, "no database, but long enough to be taken for one".repeat(9)).unwrap();
    assert!(matches!(file(&path).open_existing(), Err(MembersError::Unusable { .. })));
}

#[test]
fn accounts_and_tokens_are_bounded() {
    let (_folder, path) = place();
    let mut members = file(&path);
    members.issue(&token(1, None, 100), 3).expect("issued");
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS_MAX})
         INSERT INTO accounts SELECT 'n' || i, 'n' || i, zeroblob(32), 0, 0 FROM n"
    );
    Connection::open(&path).unwrap().execute_batch(&fill).unwrap();
    let refused = members.add_account("Ann", "ann", &[7; 32], Role::Member, 5);
    assert_eq!(refused, Err(MembersError::Full { what: "accounts" }));
    assert_eq!(members.issue(&token(2, None, 100), 3), Ok(2), "tokens are counted apart");
}
