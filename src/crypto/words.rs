//! How do two people compare a key by voice?
//!
//! ```text
//!  72 of the 80 stretched bits, 12 a pair:   6 bits: what it is like │ 6 bits: what it is
//!                                                   "quick"          │     "turtle"
//! ```
//!
//! Six pairs, as in `quick turtle, amber piano, …`. What a thing is like and what it is take turns, so that
//! a word that is left out, doubled or swapped with its neighbour is heard. The rule of both lists: words
//! that beginners of English know, no two of one list with the same first three letters or fewer than three
//! letters apart, none in both lists.

use super::stretched::StretchedKey;

/// What things are like: the first word of a pair.
const LIKE: [&str; 64] = [
    "amber", "angry", "bamboo", "bitter", "bold", "brave", "bright", "broken", "busy", "calm", "clever",
    "cosmic", "crisp", "curly", "deep", "double", "eager", "eastern", "empty", "exact", "faint", "fancy",
    "final", "fluffy", "formal", "free", "full", "gentle", "giant", "golden", "happy", "heavy", "hidden",
    "honest", "humble", "iron", "jolly", "kind", "lazy", "little", "loyal", "lucky", "magic", "modern",
    "narrow", "open", "orange", "patient", "polite", "purple", "quick", "rapid", "round", "rural", "secret",
    "silver", "simple", "soft", "spicy", "strong", "super", "sweet", "thirsty", "yellow",
];

/// What things are: the second word of a pair.
const THING: [&str; 64] = [
    "anchor", "apple", "banana", "basket", "bicycle", "bridge", "butter", "cactus", "camel", "candle",
    "carpet", "cheese", "circus", "copper", "dentist", "diamond", "doctor", "dolphin", "eagle", "engine",
    "fabric", "feather", "flower", "forest", "fountain", "garden", "giraffe", "guitar", "hammer", "harbor",
    "island", "jungle", "kitchen", "ladder", "lemon", "lettuce", "machine", "magnet", "mirror", "monkey",
    "museum", "needle", "ocean", "onion", "oyster", "parrot", "pelican", "pencil", "piano", "pilot",
    "planet", "pocket", "rabbit", "river", "robot", "salmon", "sandwich", "soldier", "spider", "temple",
    "tomato", "turtle", "umbrella", "violin",
];

impl StretchedKey {
    /// Six pairs of words, the first 72 bits: `quick turtle, amber piano, …`.
    pub fn words(&self) -> String {
        let three_bytes = self.0[..9].chunks_exact(3);
        let pairs = three_bytes.flat_map(|bytes| {
            let [first, second, third] = [bytes[0], bytes[1], bytes[2]].map(usize::from);
            [first << 4 | second >> 4, (second & 0xf) << 8 | third]
        });
        let told: Vec<String> =
            pairs.map(|bits| format!("{} {}", LIKE[bits >> 6], THING[bits & 0x3f])).collect();
        told.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// How many letters must be put in, taken out or replaced (Levenshtein 1965).
    fn distance(one: &str, other: &str) -> usize {
        let mut row: Vec<usize> = (0..=other.len()).collect();
        for (i, a) in one.bytes().enumerate() {
            let mut next = vec![i + 1];
            for (j, b) in other.bytes().enumerate() {
                next.push((row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1));
            }
            row = next;
        }
        row[other.len()]
    }

    #[test]
    fn the_lists_keep_their_rule() {
        let all: BTreeSet<&str> = LIKE.iter().chain(&THING).copied().collect();
        assert_eq!(all.len(), 128, "none twice, none in both");
        assert!(all.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase())));
        for list in [LIKE, THING] {
            assert!(list.is_sorted());
            for (index, one) in list.iter().enumerate() {
                for other in &list[index + 1..] {
                    assert_ne!(one[..3], other[..3], "{one}, {other}");
                    assert!(distance(one, other) >= 3, "{one}, {other}");
                }
            }
        }
    }

    #[test]
    fn the_words_of_given_bits_never_change() {
        let words = |bytes| StretchedKey(bytes).words();
        let first = "amber anchor";
        assert_eq!(words([0; 10]), [first; 6].join(", "));
        assert_eq!(words([0xff; 10]), ["yellow violin"; 6].join(", "));
        let counted = words([0x00, 0x10, 0x42, 0x08, 0x30, 0xc4, 0x10, 0x51, 0x46, 0x99]);
        assert_eq!(
            counted,
            "amber apple, angry banana, bamboo basket, bitter bicycle, bold bridge, brave butter"
        );
    }

    #[test]
    fn each_of_the_72_bits_is_heard() {
        let quiet = StretchedKey([0x5a; 10]);
        let mut heard = BTreeSet::from([quiet.words()]);
        for bit in 0..72 {
            let mut bytes = quiet.0;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(heard.insert(StretchedKey(bytes).words()), "bit {bit}");
        }
    }
}
