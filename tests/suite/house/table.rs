//! Which part may use which? The table in docs/architecture.md, read as it stands there.
//!
//! Each row names a part (or several) and what it may use: other parts, `each other`, or `all above`.
//! What a longer name matches comes first: `chat/message.rs` is a part of its own within `chat/`.

use super::is_within;

/// The parts, from the ground up.
pub struct Table {
    rows: Vec<Row>,
}

struct Row {
    parts: Vec<String>,
    uses: Vec<String>,
}

impl Table {
    /// Reads the table whose heading is `| part | may use | …`.
    pub fn parse(document: &str) -> Self {
        let lines = document.lines().skip_while(|line| !line.starts_with("| part | may use |")).skip(2);
        let mut rows: Vec<Row> = Vec::new();
        for line in lines.take_while(|line| line.starts_with('|')) {
            let mut cells = line.split('|').skip(1);
            let parts = names(cells.next().expect("a part"));
            let uses = match cells.next().expect("what it may use").trim() {
                "each other" => parts.clone(),
                "all above" => rows.iter().flat_map(|row| row.parts.clone()).collect(),
                list => names(list),
            };
            rows.push(Row { parts, uses });
        }
        assert!(rows.len() > 5, "docs/architecture.md has no table of parts");
        Self { rows }
    }

    /// The row of the part that this module belongs to.
    fn row_of(&self, module: &[String]) -> Option<(usize, &str)> {
        let module = module.join("::");
        let parts = self
            .rows
            .iter()
            .enumerate()
            .flat_map(|(index, row)| row.parts.iter().map(move |part| (index, part.as_str())));
        parts.filter(|(_, part)| is_within(&module, part)).max_by_key(|(_, part)| part.len())
    }

    /// The part that this module belongs to.
    pub fn part_of(&self, module: &[String]) -> Option<&str> {
        self.row_of(module).map(|(_, part)| part)
    }

    /// Does the module belong to a part above `shell/`?
    pub fn is_core(&self, module: &[String]) -> bool {
        let shell = self.row_of(&["shell".to_owned()]).map(|(index, _)| index);
        self.row_of(module).is_some_and(|(index, _)| Some(index) < shell)
    }

    /// May this module use that path of the crate? If not, why.
    pub fn allows(&self, module: &[String], target: &[String]) -> Result<(), String> {
        let (index, own) = self.row_of(module).ok_or("a file of no part")?;
        let path = target.join("::");
        let row = &self.rows[index];
        let allowed = row.uses.iter().map(String::as_str).chain([own]);
        if allowed.into_iter().any(|part| is_within(&path, part)) {
            return Ok(());
        }
        Err(format!("`{own}` may use {}", row.uses.join(", ")))
    }
}

/// `` `chat/message.rs`, `wire/` `` → `chat::message`, `wire`.
fn names(cell: &str) -> Vec<String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.map(|name| name.trim_end_matches(".rs").trim_end_matches('/').replace('/', "::")).collect()
}

#[test]
fn the_table_means_what_it_says() {
    let table = Table::parse(
        "| part | may use | holds |\n|---|---|---|\n| `a.rs`, `b.rs` | each other | x |\n| `w/` | `a` | x |\n\
         | `c/m.rs` | `w` | x |\n| `s/` | `c/m` | x |\n| `c/` | `s` | x |\n| `shell/` | all above | x |\n",
    );
    let path = |path: &str| path.split("::").map(str::to_owned).collect::<Vec<_>>();
    let allows = |from: &str, to: &str| table.allows(&path(from), &path(to)).is_ok();
    assert!(allows("a", "b::x") && allows("w", "a::x") && allows("w", "w::y"));
    assert!(!allows("w", "b") && !allows("a", "w") && !allows("c", "shell"));
    assert!(allows("s", "c::m::T") && !allows("s", "c::room") && !allows("s", "c"));
    assert!(allows("c::room", "s::T") && !allows("c::m", "s::T") && !allows("c::m", "c::room"));
    assert!(allows("c::room", "c::m") && !allows("c::room", "w") && allows("shell::x", "c::room"));
    assert!(table.is_core(&path("c")) && !table.is_core(&path("shell::udp")));
}
