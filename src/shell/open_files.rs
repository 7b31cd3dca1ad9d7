//! How many connections does the system let one process have?
//!
//! On Unix a connection is an open file, and a process may have no more of those than its soft limit,
//! which is often 1,024 for the sake of old programs; up to the hard limit a process may raise it by
//! itself. Elsewhere there is no such number.

/// What is kept for everything that is not a connection: standard streams, the store, the poll.
const RESERVE: usize = 64;

/// Raises the soft limit as far as that helps for so many connections, and says how many of them there can
/// be.
pub(super) fn make_room_for(connections: usize) -> usize {
    let wanted = connections.saturating_add(RESERVE);
    limit::raise_to(wanted).map_or(connections, |granted| granted.min(wanted).saturating_sub(RESERVE))
}

#[cfg(unix)]
mod limit {
    /// The limit in force after an attempt to raise it to `wanted`; `None` if the system does not say.
    #[expect(unsafe_code, reason = "the standard library does not know resource limits; POSIX does")]
    pub fn raise_to(wanted: usize) -> Option<usize> {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the pointer is to a live rlimit of our own, and the call only writes there.
        if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
            return None;
        }
        let former = limit.rlim_cur;
        limit.rlim_cur = former.max(limit.rlim_max.min(wanted as libc::rlim_t));
        // SAFETY: the pointer is to a live rlimit of our own, and the call only reads it.
        let refused = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0;
        Some(usize::try_from(if refused { former } else { limit.rlim_cur }).unwrap_or(usize::MAX))
    }
}

#[cfg(not(unix))]
mod limit {
    /// There is no such limit.
    pub fn raise_to(_wanted: usize) -> Option<usize> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_connections_always_have_room_and_endless_ones_never() {
        assert_eq!(make_room_for(10), 10);
        assert!(make_room_for(usize::MAX) > 10);
        #[cfg(unix)]
        assert!(make_room_for(usize::MAX) < usize::MAX - RESERVE);
    }

    #[test]
    #[cfg(unix)]
    fn a_limit_is_never_lowered() {
        let before = limit::raise_to(0);
        assert!(before > Some(0));
        make_room_for(1);
        assert!(limit::raise_to(0) >= before);
    }
}
