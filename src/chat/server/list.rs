//! How much of a list fits into one message?
//!
//! A message of the transport has at most 65,536 bytes, so lists are cut by bytes as well as by count.

/// Entries of a list in one message, at most.
pub const ENTRIES: usize = 1_000;
/// Bytes of a list in one message, at most. Ours: leaves room for the fields around it.
const BYTES: usize = 60_000;
/// Rooms named in the answer to `/whois`, at most.
pub const ROOMS_SHARED: usize = 256;
/// What an entry takes besides its name: lengths, state, count.
const OVERHEAD: usize = 12;

/// The entries from the front that fit into one message.
pub fn cut<T>(entries: impl IntoIterator<Item = T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    let mut bytes = 0;
    let fits = |entry: &T| {
        bytes += name(entry).len() + OVERHEAD;
        bytes <= BYTES
    };
    entries.into_iter().take(ENTRIES).take_while(fits).collect()
}

/// All entries, in as many runs as they need, each of which fits into one message.
pub fn split<T: Clone>(mut entries: &[T], name: impl Fn(&T) -> &str) -> Vec<Vec<T>> {
    let mut runs = Vec::new();
    while !entries.is_empty() {
        let run = cut(entries.iter().cloned(), &name);
        entries = entries.get(run.len().max(1)..).unwrap_or_default();
        runs.push(run);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_by_count_and_by_bytes() {
        let short = vec!["x".to_owned(); 3_000];
        let long = vec!["x".repeat(128); 3_000];
        assert_eq!(cut(short.clone(), |name| name).len(), ENTRIES);
        assert_eq!(cut(long.clone(), |name| name).len(), 60_000 / 140);
        let runs = split(&long, |name| name);
        assert_eq!(runs.iter().map(Vec::len).sum::<usize>(), 3_000);
        assert!(runs.iter().all(|run| run.len() <= 60_000 / 140));
        assert!(split(&[] as &[String], |name| name).is_empty());
    }
}
