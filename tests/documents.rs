//! What the documents say of the repository is so: their links lead somewhere, every module is listed, and each part of
//! the host knows whom the table says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file below a directory with this extension.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = directory.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path, extension) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect()
}

/// The documents, with their texts.
fn documents() -> Vec<(PathBuf, String)> {
    let at_root = root().read_dir().unwrap().map(|entry| entry.unwrap().path());
    let at_root = at_root.filter(|path| path.extension().is_some_and(|it| it == "md"));
    let below = ["docs", "migrations"].map(|name| files(&root().join(name), "md"));
    let all = at_root.chain(below.into_iter().flatten());
    all.map(|path| (path.clone(), read_to_string(path).unwrap())).collect()
}

/// What stands between two texts, wherever both do.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| Some(rest.split_once(close)?.0))
}

/// The name that a heading has in a link.
fn anchor(heading: &str) -> String {
    let kept = |it: &char| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_');
    heading.trim_start_matches('#').trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

#[test]
fn links_lead_somewhere() {
    let (mut links, mut broken) = (0, Vec::new());
    for (document, text) in documents() {
        for link in between(&text, "](", ")").filter(|link| !link.contains("://")) {
            links += 1;
            let (path, wanted) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { document.clone() } else { document.with_file_name("").join(path) };
            let is_there = match wanted {
                "" => target.exists(),
                _ => read_to_string(&target).is_ok_and(|text| {
                    text.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == wanted)
                }),
            };
            if !is_there {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "these lead nowhere:\n{}", broken.join("\n"));
    assert!(links > 100, "only {links} were looked at");
}

#[test]
fn paths_name_files() {
    let known: Vec<String> = ["cli", "docs", "host", "kit", "migrations", "plugins", "tests", "wit", "xtask"]
        .into_iter()
        .flat_map(|at| {
            ["rs", "sql", "wit", "md"].into_iter().flat_map(move |extension| files(&root().join(at), extension))
        })
        .map(|path| path.display().to_string())
        .collect();
    // One with a capital stands for many, and `x.rs` for all.
    let names_a_file = |text: &str| {
        let is_path = text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"_-./".contains(&it));
        is_path && [".rs", ".sql", ".wit"].iter().any(|ending| text.ends_with(ending)) && text != "x.rs"
    };
    let (mut paths, mut wrong) = (0, Vec::new());
    for (document, text) in documents() {
        for path in text.split('`').filter(|text| names_a_file(text)) {
            paths += 1;
            if !known.iter().any(|file| file.ends_with(&format!("/{path}"))) {
                wrong.push(format!("{}: {path}", document.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these are no files:\n{}", wrong.join("\n"));
    assert!(paths > 400, "only {paths} were looked at");
}

/// Rows of the table under a heading of docs/architecture.md: what stands in backticks, cell by cell.
fn table(heading: &str) -> Vec<Vec<Vec<String>>> {
    let text = read_to_string(root().join("docs/architecture.md")).unwrap() + "\n## ";
    let section = between(&text, heading, "\n## ").next().unwrap_or_else(|| panic!("there is no {heading}"));
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cell = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|row| row.split('|').skip(1).map(cell).collect()).collect()
}

#[test]
fn every_module_is_listed() {
    // Those of the host as they are below its sources, those of the other packages as they are below the repository.
    let below = |source: &str, stands: &Path| {
        let relative = |path: PathBuf| path.strip_prefix(root().join(stands)).unwrap().display().to_string();
        files(&root().join(source), "rs").into_iter().map(relative).collect::<Vec<_>>()
    };
    let is_test = |path: &String| path.split('/').any(|name| matches!(name, "tests" | "tests.rs" | "fuzz" | "fuzz.rs"));
    let all =
        [below("host/src", Path::new("host/src")), below("cli/src", Path::new("")), below("kit/src", Path::new(""))];
    let there: BTreeSet<String> = all.into_iter().flatten().filter(|path| !is_test(path)).collect();
    let listed: Vec<String> = table("\n## All modules\n").into_iter().map(|row| row[0][0].clone()).collect();
    let unique: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), unique.len(), "one stands there twice");
    let difference: Vec<_> = there.symmetric_difference(&unique).collect();
    assert!(
        difference.is_empty(),
        "docs/architecture.md, All modules, lacks these or has them in vain: {difference:#?}"
    );
}

/// The names behind each mention of a crate in a file, its tests left out.
fn names(code: &str, of: &str) -> BTreeSet<String> {
    let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut names = BTreeSet::new();
    for rest in code.split(of).skip(1) {
        let mut depth = 0;
        for (at, letter) in rest.char_indices() {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            let starts = at == 0 && letter != '{' || depth == 1 && matches!(letter, '{' | ',');
            if starts {
                let name = rest[at..].trim_start_matches(['{', ',', ' ', '\n']);
                names.insert(name.split(|it: char| !it.is_alphanumeric() && it != '_').next().unwrap().to_owned());
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

/// Who uses whom in `host/src`, and which of that the other packages use.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let source = root().join("host/src");
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files(&source, "rs") {
        let name = path.strip_prefix(&source).unwrap().display().to_string();
        let part = name.split(['/', '.']).next().unwrap();
        if !matches!(part, "lib" | "fuzz") && !name.contains("/tests") {
            uses.entry(part.to_owned()).or_default().extend(names(&read_to_string(&path).unwrap(), "crate::"));
        }
    }
    for package in ["cli", "kit"] {
        for path in files(&root().join(package).join("src"), "rs") {
            let code = read_to_string(&path).unwrap();
            let found = uses.entry(package.to_owned()).or_default();
            found.extend(names(&code, "patchpanel::"));
            found.extend(code.contains("patchpanel_kit::").then(|| "kit".to_owned()));
        }
    }
    let parts: BTreeSet<String> = uses.keys().cloned().collect();
    for (part, uses) in &mut uses {
        uses.retain(|used| used != part && parts.contains(used));
    }
    uses
}

#[test]
fn the_parts_know_whom_the_table_says() {
    let found = uses();
    let rows = table("\n## Who may know whom\n");
    // The last row is the ground, which everybody may use.
    let ground = rows.last().unwrap()[0].clone();
    let order: Vec<&String> = rows.iter().flat_map(|row| &row[0]).collect();
    let place = |part: &String| order.iter().position(|name| *name == part);
    for row in &rows {
        for part in &row[0] {
            let used = found.get(part).unwrap_or_else(|| panic!("the table has {part}, which is no part"));
            let above: Vec<_> = used.iter().filter(|used| place(used) < place(part)).collect();
            assert!(above.is_empty(), "{part} uses {above:?}, which stand above it (a circle) or have no row");
            let used: BTreeSet<&String> = used.iter().filter(|used| !ground.contains(used)).collect();
            let listed: BTreeSet<&String> = row.get(1).into_iter().flatten().collect();
            assert_eq!(used, listed, "whom {part} uses: left is the code, right the table in docs/architecture.md");
        }
    }
    let without: Vec<_> = found.keys().filter(|part| place(part).is_none()).collect();
    assert!(without.is_empty(), "these have no row in the table: {without:?}");
}
