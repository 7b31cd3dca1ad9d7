//! How much place has a server for files?

use crate::cli::exit::Stop;
use crate::files::{FileLimits, FileReply, FileRequest, KeptFile, MemoryFiles};
use crate::shell::files::thread::Reply;
use crate::shell::files::{FileThread, Spool};
use crate::shell::home::Home;
use crate::shell::server_loop::ServerHandle;
use clap::Args;
use std::path::Path;

/// Where nothing is kept on disk all files are in memory: at most 64 MB, whatever is asked for.
const MEMORY_BYTES_MAX: u64 = 64_000_000;

/// The options.
#[derive(Args, Clone, Debug)]
pub struct FileOptions {
    /// The largest file that people may send each other
    #[arg(long, value_name = "SIZE", default_value = "50MB", value_parser = size, env = "SAYAGAIN_FILE_SIZE")]
    pub file_size: u64,
    /// The place for all files that wait to be fetched (`0`: no files)
    #[arg(long, value_name = "SIZE", default_value = "1GB", value_parser = size, env = "SAYAGAIN_FILE_SPACE")]
    pub file_space: u64,
}

impl FileOptions {
    /// The limits, the thread of the disk (`None`: no files) and what is on it.
    pub fn open(
        &self,
        home: &Home,
        (data, ephemeral): (Option<&Path>, bool),
        handle: &ServerHandle,
    ) -> Result<(FileLimits, Option<FileThread>, Vec<KeptFile>), Stop> {
        let limits = FileLimits { file_bytes: self.file_size, space_bytes: self.file_space };
        let handle = handle.clone();
        let reply: Reply = Box::new(move |reply: FileReply| {
            handle.filed(reply);
        });
        if self.file_space == 0 {
            return Ok((FileLimits::NONE, None, Vec::new()));
        }
        if ephemeral {
            let limits = FileLimits { space_bytes: limits.space_bytes.min(MEMORY_BYTES_MAX), ..limits };
            let thread = FileThread::start(MemoryFiles::default(), reply).map_err(Stop::failed)?;
            return Ok((limits, Some(thread), Vec::new()));
        }
        let (spool, kept) = Spool::open(&home.files_folder(data)).map_err(Stop::failed)?;
        let thread = FileThread::start(spool, reply).map_err(Stop::failed)?;
        Ok((limits, Some(thread), kept))
    }
}

/// Hands a request to the thread, if there is one.
pub(super) fn ask(thread: Option<&FileThread>, request: FileRequest) {
    if let Some(thread) = thread {
        thread.submit(request);
    }
}

/// `50MB`, `1GB`, `200kB` or bytes.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err("a size is a number with kB, MB or GB: 50MB".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "a size is a number with kB, MB or GB: 50MB".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "this is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(size("50MB"), Ok(50_000_000));
        assert_eq!((size("0"), size("1GB"), size("7kB")), (Ok(0), Ok(1_000_000_000), Ok(7_000)));
        for bad in ["", "MB", "1.5MB", "-1", "5 MB", "1TB", "99999999999GB", "ü"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
