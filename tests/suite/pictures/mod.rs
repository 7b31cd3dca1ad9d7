//! Are the pictures in README what the program draws?
//!
//! Each is a screen of the terminal client, drawn by the code that draws it for people and written as SVG. The
//! test draws it again and compares; with `SAYAGAIN_BLESS=1` it writes the file anew instead:
//!
//! ```text
//! SAYAGAIN_BLESS=1 cargo test --release pictures
//! ```

mod scenes;
mod svg;

use ratatui::backend::TestBackend;
use sayagain::tui::screen::Screen;
use sayagain::tui::state::State;
use sayagain::tui::theme::Theme;
use std::fs;
use std::path::Path;
use svg::Ground;

/// Compares this screen with the file of this name, or writes it if told so.
fn compare(name: &str, mut state: State, width: u16, height: u16) {
    let ground = if state.theme == Theme::Light { Ground::LIGHT } else { Ground::DARK };
    let mut screen = Screen::new(TestBackend::new(width, height)).expect("a screen");
    screen.show(&mut state).expect("it is drawn");
    let drawn = svg::picture(screen.backend_mut().buffer(), ground, name);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures").join(format!("{name}.svg"));
    if std::env::var_os("SAYAGAIN_BLESS").is_some() {
        fs::write(&file, drawn).expect("the picture can be written");
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(
        kept == drawn,
        "{} is not what the program draws now; if the program is right, draw it anew: \
         SAYAGAIN_BLESS=1 cargo test --release pictures",
        file.display()
    );
}

#[test]
fn the_picture_of_a_chat_is_what_the_program_draws() {
    compare("chat", scenes::chat(), 100, 24);
}

#[test]
fn the_picture_of_the_ladder_is_what_the_program_draws() {
    compare("ladder", scenes::ladder(), 110, 34);
}

#[test]
fn the_picture_of_the_help_is_what_the_program_draws() {
    compare("help", scenes::help(), 90, 26);
}

#[test]
fn readme_shows_each_picture() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README");
    for name in ["chat", "ladder", "help"] {
        assert!(readme.contains(&format!("(docs/pictures/{name}.svg)")), "README does not show {name}.svg");
    }
}
