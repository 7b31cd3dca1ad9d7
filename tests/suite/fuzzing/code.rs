//! Is a join code read rightly or not at all, whatever is typed?
//!
//! It comes from a stranger: from a board, a letter, a camera. Shared with the fuzzer, see `fuzz/`.

use sayagain::service::join_code::JoinCode;

/// Reads it; was it a code? Panics where a promise is broken.
pub fn play(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let read = text.parse::<JoinCode>();
    if let Err(error) = &read {
        assert!(!error.to_string().is_empty());
    }
    let Ok(code) = read else { return false };
    assert_eq!(code.to_string().parse(), Ok(code), "{text:?}");
    assert_eq!(code.in_capitals().parse(), Ok(code), "{text:?}");
    assert!(JoinCode::is_meant_by(&code.to_string()));
    true
}
