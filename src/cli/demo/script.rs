//! What do the people of the demonstration say?

/// Two of them follow the script; the third is you.
pub const ANN: &str = "ann";
/// The other one.
pub const BOB: &str = "bob";
/// You.
pub const YOU: &str = "you";

/// Who says what when nobody sits at the terminal.
pub const PLAY: [(&str, &str); 9] = [
    (ANN, "hi bob! this link is terrible, isn't it?"),
    (BOB, "hi ann! is it? I have not missed a word"),
    (ANN, "every fifth datagram or so never arrives, and that goes for both ways"),
    (BOB, "and yet here is your sentence, whole, once, and behind the one before"),
    (YOU, "so who says it again when it is lost?"),
    (ANN, "the layer below us: it numbers packets, hears which arrived, and repeats the rest"),
    (BOB, "/me counts: one, two, three, four, five"),
    (YOU, "nothing missing here"),
    (ANN, "then let us look at the numbers. bye!"),
];

/// What they tell somebody who does sit there.
pub const WELCOME: [(&str, &str); 4] = [
    (ANN, "hi! the link between all of us and the server is a bad one, on purpose"),
    (BOB, "say something: while it is dimmed below, it is on its way, perhaps not for the first time"),
    (ANN, "/who shows who is here, /stats what the link does to you, /help the rest"),
    (BOB, "/quit leaves, and then come the numbers"),
];

/// What one of them answers, in turn, to what you said.
pub fn answer(count: usize, text: &str) -> (&'static str, String) {
    let characters = text.chars().count();
    match count % 4 {
        0 => (BOB, format!("heard you: {characters} characters, all of them")),
        1 => (ANN, "me too, and in the right order".to_owned()),
        2 => {
            (BOB, "that one took a while, or didn't it? /stats knows how often it was sent again".to_owned())
        }
        _ => (ANN, "still here. bob and I each have a link as bad as yours".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_take_turns_in_answering() {
        let answers: Vec<&str> = (0..4).map(|count| answer(count, "hi").0).collect();
        assert_eq!(answers, [BOB, ANN, BOB, ANN]);
        assert!(answer(0, "grüß dich").1.contains("9 characters"));
    }
}
