//! How are 128 bits written so that people can type them, and mistakes are found?
//!
//! ```text
//!  xx-R2M0-250J-HE8A-…    140 bits, five a character, the first first
//!
//!  128 bits                                           12 bits
//! ├──────────────────────────────────────────────────┼───────┤
//!  what is meant                                       CRC
//! ```
//!
//! The characters are Crockford's base 32: no U, O reads as 0, I and L read as 1, small as capital; blanks
//! and hyphens count for nothing. The checksum is the CRC with the polynomial x¹² + x¹¹ + x³ + x² + x + 1 =
//! (x + 1)(x¹¹ + x² + 1). It finds every run of wrong bits of at most 12, so every character mistyped and
//! every two neighbours swapped; and since x¹¹ + x² + 1 is primitive, with a period of 2,047 bits, also any
//! two characters swapped, however far apart. Of all else it misses one in 4,096.
//!
//! A [join code](super::join_code) and a [token](super::token) are such texts, each with a prefix of its own.

use std::fmt;

/// Characters of a text, without prefix and hyphens.
pub(super) const CHARACTERS: usize = 28;
/// Characters between two hyphens.
pub(super) const GROUP: usize = 4;
/// Crockford's base 32 (<https://www.crockford.com/base32.html>).
pub(super) const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M',
    'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];
/// x¹¹ + x³ + x² + x + 1, below the x¹² of the polynomial.
const POLYNOMIAL: u16 = 0x80f;
/// Ours: not zero, because 28 zeros should be no text.
pub(super) const CHECK_BEGIN: u16 = 0xfff;

/// The characters of a text as numbers below 32.
pub(super) type Symbols = [u8; CHARACTERS];

/// Why a text has no symbols.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReadError {
    /// This character is none of the alphabet's: in this group, at this place, both from 1.
    Character(char, usize, usize),
    /// So many characters, instead of 28.
    Length(usize),
}

/// The symbols of these bits, with their checksum.
pub(super) fn symbols(data: u128) -> Symbols {
    let tail = (data & 7) << 12 | u128::from(check(data));
    let mut symbols = [0; CHARACTERS];
    for (index, symbol) in symbols.iter_mut().enumerate() {
        let bits = if index < 25 { data >> (123 - 5 * index) } else { tail >> (135 - 5 * index) };
        *symbol = u8::try_from(bits & 31).unwrap_or(0);
    }
    symbols
}

/// What these symbols say, if the checksum agrees.
pub(super) fn data(symbols: &Symbols) -> Option<u128> {
    let gathered = |symbols: &[u8]| symbols.iter().fold(0, |bits, s| bits << 5 | u128::from(*s));
    let (head, tail) = (gathered(&symbols[..25]), gathered(&symbols[25..]));
    let data = head << 3 | tail >> 12;
    (u128::from(check(data)) == tail & 0xfff).then_some(data)
}

/// The symbols that were typed so.
pub(super) fn read(text: &str) -> Result<Symbols, ReadError> {
    let mut symbols = [0; CHARACTERS];
    let mut count = 0;
    for character in text.chars().filter(|character| !is_ignored(*character)) {
        let place = (count / GROUP + 1, count % GROUP + 1);
        let read = symbol(character).ok_or(ReadError::Character(character, place.0, place.1))?;
        if let Some(symbol) = symbols.get_mut(count) {
            *symbol = read;
        }
        count += 1;
    }
    if count == CHARACTERS { Ok(symbols) } else { Err(ReadError::Length(count)) }
}

/// Writes the prefix and the symbols in groups.
pub(super) fn write(f: &mut fmt::Formatter<'_>, prefix: &str, symbols: &Symbols) -> fmt::Result {
    f.write_str(prefix)?;
    for group in symbols.chunks(GROUP) {
        f.write_str("-")?;
        group.iter().try_for_each(|symbol| write!(f, "{}", ALPHABET[usize::from(*symbol)]))?;
    }
    Ok(())
}

/// Blanks, and the hyphens and dashes that programs make of a hyphen.
pub(super) fn is_ignored(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn symbol(character: char) -> Option<u8> {
    let read = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|known| *known == read).and_then(|index| u8::try_from(index).ok())
}

/// The CRC of 128 bits, the highest first.
pub(super) fn check(data: u128) -> u16 {
    (0..128).rev().fold(CHECK_BEGIN, |sum, bit| {
        let goes_out = (sum >> 11 & 1) ^ u16::from(data >> bit & 1 == 1);
        (sum << 1 & 0xfff) ^ (goes_out * POLYNOMIAL)
    })
}
