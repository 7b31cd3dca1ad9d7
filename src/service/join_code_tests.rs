//! Is a code read as it was meant, and every usual mistake found?

use super::*;
use crate::service::checked_text::{ALPHABET, CHECK_BEGIN, check};
use proptest::prelude::*;

fn code() -> JoinCode {
    let key = StretchedKey([0x90, 0xaa, 0x33, 0xbb, 0x62, 0x56, 0x51, 0xb6, 0xf5, 0x81]);
    JoinCode { address: "192.168.1.20:4747".parse().unwrap(), key }
}

fn characters() -> Vec<char> {
    code().to_string()[3..].chars().filter(|character| *character != '-').collect()
}

fn read(characters: &[char]) -> Result<JoinCode, CodeError> {
    format!("sa-{}", characters.iter().collect::<String>()).parse()
}

fn any_code() -> impl Strategy<Value = JoinCode> {
    let server = (1..=223_u8, any::<[u8; 3]>(), 1..=u16::MAX);
    (server, any::<[u8; 10]>()).prop_map(|((first, [a, b, c], port), key)| JoinCode {
        address: SocketAddrV4::new(Ipv4Addr::new(first, a, b, c), port),
        key: StretchedKey(key),
    })
}

#[test]
fn a_code_never_changes() {
    assert_eq!(code().to_string(), "sa-R2M0-250J-HE8A-MCXV-C9B5-3DQN-G4GM");
    assert_eq!(code().in_capitals(), "SA-R2M0-250J-HE8A-MCXV-C9B5-3DQN-G4GM");
}

#[test]
fn the_checksum_is_the_one_of_the_catalogue() {
    // CRC-12/UMTS and its kin have the polynomial 0x80f; this is its plain form, bit by bit, by division.
    let divided = |data: u128| {
        let mut remainder: u32 = u32::from(CHECK_BEGIN);
        for bit in (0..128).rev() {
            remainder = remainder << 1 ^ u32::from(data >> bit & 1 == 1) << 12;
            remainder = if remainder >> 12 & 1 == 1 { remainder ^ 0x180f } else { remainder };
        }
        u16::try_from(remainder & 0xfff).unwrap()
    };
    for data in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
        assert_eq!(check(data), divided(data), "{data:x}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(code in any_code()) {
        let written = code.to_string();
        prop_assert!(JoinCode::is_meant_by(&written));
        prop_assert_eq!(written.parse(), Ok(code));
        prop_assert_eq!(code.in_capitals().parse(), Ok(code));
        prop_assert_eq!(written.to_lowercase().parse(), Ok(code));
        prop_assert_eq!(written.chars().filter(|character| *character != '-').count(), 2 + 28);
    }

    #[test]
    fn any_text_is_read_or_refused_with_where_to_look(text in "\\PC*") {
        if let Err(error) = text.parse::<JoinCode>() {
            prop_assert!(error.to_string().contains("join code"));
        }
    }

    #[test]
    fn any_two_characters_swapped_are_found(code in any_code(), one in 0..28_usize, other in 0..28_usize) {
        let mut swapped: Vec<char> = code.to_string()[3..].chars().filter(|c| *c != '-').collect();
        swapped.swap(one, other);
        prop_assert_eq!(read(&swapped).is_ok(), swapped[one] == swapped[other]);
    }
}

#[test]
fn letters_that_look_like_digits_and_any_blanks_and_hyphens_do_no_harm() {
    let key = StretchedKey([0; 10]);
    let code = JoinCode { address: "8.66.16.132:8456".parse().unwrap(), key };
    let written = code.to_string();
    assert!(written.contains('0') && written.contains('1'), "{written}");
    let looks_like = [("0", "O"), ("0", "o"), ("1", "I"), ("1", "i"), ("1", "l"), ("1", "L")];
    for (digit, letter) in looks_like {
        assert_eq!(written.replace(digit, letter).parse(), Ok(code), "{letter} for {digit}");
    }
    for hyphen in ["", " ", "--", "\u{2013}", " - ", "\t"] {
        let spaced = format!(" SA-{}\n", written[3..].replace('-', hyphen));
        assert!(JoinCode::is_meant_by(&spaced), "{spaced}");
        assert_eq!(spaced.parse(), Ok(code), "{spaced}");
    }
}

#[test]
fn every_single_mistyped_character_is_found_and_its_group_is_named() {
    let right = characters();
    for place in 0..CHARACTERS {
        for other in ALPHABET.into_iter().filter(|other| *other != right[place]) {
            let mut mistyped = right.clone();
            mistyped[place] = other;
            let Err(CodeError::Check(groups)) = read(&mistyped) else { panic!("{other} at {place}") };
            assert!(groups.contains(&(place / GROUP + 1)), "{other} at {place}: {groups:?}");
        }
    }
}

#[test]
fn every_swap_of_neighbours_is_found_and_its_groups_are_named() {
    let right = characters();
    for place in 1..CHARACTERS {
        let mut swapped = right.clone();
        swapped.swap(place - 1, place);
        if swapped == right {
            continue;
        }
        let Err(CodeError::Check(groups)) = read(&swapped) else { panic!("at {place}") };
        assert!(groups.contains(&(place / GROUP + 1)) && groups.contains(&((place - 1) / GROUP + 1)));
    }
}

#[test]
fn a_character_too_few_or_too_many_is_told() {
    let right = characters();
    for (characters, count) in [(&right[1..], 27), (&[&right[..], &['0']].concat()[..], 29), (&[][..], 0)] {
        assert_eq!(read(characters), Err(CodeError::Length(count)));
    }
}

#[test]
fn a_character_of_no_code_is_named_with_its_place() {
    let mut characters = characters();
    characters[9] = 'U';
    assert_eq!(read(&characters), Err(CodeError::Character('U', 3, 2)));
    let told = read(&characters).unwrap_err().to_string();
    assert!(told.contains("group 3, character 2"), "{told}");
}

#[test]
fn a_code_of_an_address_that_no_server_has_is_refused() {
    for address in ["0.0.0.0:1", "224.0.0.1:1", "255.255.255.255:1", "10.0.0.1:0"] {
        let address = address.parse().unwrap();
        let code = JoinCode { address, ..code() };
        assert_eq!(code.to_string().parse::<JoinCode>(), Err(CodeError::Address(address)));
    }
}

#[test]
fn a_host_is_not_taken_for_a_code_nor_a_code_for_a_host() {
    for host in ["localhost", "sa", "sarah.example", "sa.example", "192.168.1.20", "sa-host:4747", "", "s"] {
        assert!(!JoinCode::is_meant_by(host), "{host}");
    }
    for code in ["sa-", "SA-0000", "sa-host.example", "Sa 0000", "sa\u{2013}0000"] {
        assert!(JoinCode::is_meant_by(code), "{code}");
    }
    let told = "sa-host.example".parse::<JoinCode>().unwrap_err();
    assert_eq!(told, CodeError::Character('.', 2, 1));
}
