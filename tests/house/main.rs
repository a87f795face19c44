//! The order of the house: no circle between the files of a crate, no folder that nobody can take in at a
//! glance, and no public function with a long list of parameters.

mod circles;
mod modules;
mod parameters;

use std::path::{Path, PathBuf};

use circles::circles;
use modules::Crate;
use parameters::long_signatures;

/// The crates: where their first file is, and how many of their files still stand in circles.
/// The number may only fall: where it does, lower it here.
const CRATES: [(&str, usize); 12] = [
    ("crates/album/src/lib.rs", 0),
    ("crates/check/src/lib.rs", 0),
    ("crates/cli/lib.rs", 0),
    ("crates/dsp/src/lib.rs", 0),
    ("crates/engine/src/lib.rs", 0),
    ("crates/handover/src/lib.rs", 0),
    ("crates/io/src/lib.rs", 0),
    ("crates/master/src/lib.rs", 0),
    ("crates/model/src/lib.rs", 0),
    ("crates/studio/src/lib.rs", 0),
    ("crates/python/src/lib.rs", 0),
    ("training/src/lib.rs", 0),
];

/// Most entries of a folder of source.
const MAX_ENTRIES: usize = 15;
/// Most parameters of a public function, beside its receiver.
const MAX_PARAMETERS: usize = 5;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// How many files of the crate whose first file is `entry` stand in circles, and a description of
/// the circles: each arrow and the paths behind it.
fn circles_of(entry: &str) -> (usize, String) {
    let krate = Crate::read(&root().join(entry));
    let arrows = krate.arrows();
    let ends: Vec<(usize, usize)> = arrows.keys().copied().collect();
    let found = circles(krate.files().len(), &ends);
    let name = |file: usize| {
        let path = &krate.files()[file];
        path.strip_prefix(root()).unwrap_or(path).display()
    };
    let mut text = String::new();
    for circle in &found {
        text += &format!("  a circle of {} files:\n", circle.len());
        for ((from, to), paths) in &arrows {
            if circle.contains(from) && circle.contains(to) {
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                let (from, to) = (name(*from), name(*to));
                text += &format!("    {from} -> {to}: {}\n", paths.join(", "));
            }
        }
    }
    (found.iter().map(Vec::len).sum(), text)
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut wrong = String::new();
    for (entry, known) in CRATES {
        let (files, circles) = circles_of(entry);
        if files == known {
            continue;
        }
        let advice = if files < known {
            "fewer than before: lower the number in CRATES"
        } else {
            "move what ties them to the file that both may import"
        };
        wrong += &format!("{entry}: {files} files in circles, {known} known; {advice}\n{circles}");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Adds what is wrong with the folder and the folders in it.
fn count_entries(folder: &Path, wrong: &mut String) {
    let entries = std::fs::read_dir(folder).expect("a folder that can be read");
    let mut count = 0;
    for entry in entries {
        let path = entry.expect("an entry that can be read").path();
        if path.is_dir() {
            count_entries(&path, wrong);
        } else if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        count += 1;
    }
    if count > MAX_ENTRIES {
        let folder = folder.strip_prefix(root()).unwrap_or(folder);
        *wrong += &format!(
            "{}: {count} entries, expected at most {MAX_ENTRIES}\n",
            folder.display()
        );
    }
}

#[test]
fn no_folder_has_more_than_15_entries() {
    let mut wrong = String::new();
    for (entry, _) in CRATES {
        let folder = root().join(entry);
        count_entries(folder.parent().expect("a folder"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_public_function_takes_more_than_5_parameters() {
    let mut wrong = String::new();
    for (entry, _) in CRATES {
        for path in Crate::read(&root().join(entry)).files() {
            let name = path.strip_prefix(root()).unwrap_or(path).display();
            for function in long_signatures(path, MAX_PARAMETERS) {
                wrong +=
                    &format!("{name}: {function} parameters, expected at most {MAX_PARAMETERS}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What only Unix has, by the names under which it is used.
const ONLY_UNIX: [&str; 3] = ["std::os::", "os::unix", "rustix"];

/// Adds the files of source below a folder that name what only Unix has.
fn find_only_unix(folder: &Path, wrong: &mut String) {
    let entries = std::fs::read_dir(folder).expect("a folder that can be read");
    for entry in entries {
        let path = entry.expect("an entry that can be read").path();
        if path.is_dir() {
            find_only_unix(&path, wrong);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let place = path.strip_prefix(root()).unwrap_or(&path).to_path_buf();
            let is_its_place = place.starts_with("crates/io/src/platform/unix")
                || place == Path::new("crates/io/src/platform/mod.rs")
                || place == Path::new("crates/io/tests/io/unix.rs");
            let text = std::fs::read_to_string(&path).expect("a file that can be read");
            for (number, line) in text.lines().enumerate() {
                if !is_its_place && ONLY_UNIX.iter().any(|name| line.contains(name)) {
                    *wrong += &format!("{}:{}: {line}\n", place.display(), number + 1);
                }
            }
        }
    }
}

#[test]
fn io_names_what_only_unix_has_in_its_platform_module_alone() {
    let mut wrong = String::new();
    find_only_unix(&root().join("crates/io"), &mut wrong);
    assert!(
        wrong.is_empty(),
        "move it to crates/io/src/platform, and give both systems something:\n{wrong}"
    );
}
