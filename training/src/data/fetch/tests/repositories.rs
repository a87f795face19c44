//! Git repositories, on this machine and behind git's own rewriting of addresses.

use super::*;

/// A repository beside a cache, and settings of git that lead its address there.
struct GitScene {
    folder: Folder,
}

impl GitScene {
    /// None where the machine has no git: nothing can be fetched there either.
    fn new() -> Option<Self> {
        let asked = Command::new("git").arg("--version").output();
        if !asked.is_ok_and(|output| output.status.success()) {
            eprintln!("not tested: git is not installed");
            return None;
        }
        let scene = Self {
            folder: Folder::new(),
        };
        scene.git(&["init", "--quiet", "--initial-branch=main", "."]);
        Some(scene)
    }

    /// Runs git in the published repository; what it printed.
    fn git(&self, arguments: &[&str]) -> String {
        let work = self.folder.path("published");
        fs::create_dir_all(&work).expect("folder");
        let output = Command::new("git")
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(&work)
            .output()
            .expect("git");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    /// Commits files; the commit's name.
    fn commit(&self, files: &[(&str, &str)]) -> String {
        for (path, content) in files {
            let path = self.folder.path("published").join(path);
            fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
            fs::write(path, content).expect("file");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "music"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn blob(&self, path: &str) -> String {
        self.git(&["rev-parse", &format!("HEAD:{path}")])
    }

    fn cache(&self) -> PathBuf {
        self.folder.path("cache")
    }

    fn there(&self, path: &str) -> Option<String> {
        let place = self.cache().join("audio/owner+music").join(path);
        fs::read_to_string(place).ok()
    }

    /// A program that is git with settings of its own and a log of what it was asked.
    fn tools(&self, settings: &[&str]) -> Tools {
        let program = self.folder.path("git");
        let base = self.folder.path("published");
        let script = format!(
            "#!/bin/sh\nexport GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1\n\
             export GIT_CONFIG_COUNT=1 GIT_CONFIG_VALUE_0=https://example.org/owner/music\n\
             export GIT_CONFIG_KEY_0='url.{}.insteadOf'\n\
             echo \"$*\" >> {}\nexec git {} \"$@\"\n",
            base.display(),
            self.folder.path("log").display(),
            settings.join(" ")
        );
        fs::write(&program, script).expect("script");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, executable).expect("permissions");
        Tools {
            git: program.into(),
            ..Tools::default()
        }
    }

    /// How often git was asked to fetch since the last call.
    fn fetches(&self) -> usize {
        let log = self.folder.path("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        _ = fs::remove_file(&log);
        text.lines().filter(|line| line.contains(" fetch ")).count()
    }

    fn fetch(&self, settings: &[&str], text: &str) -> (Result<Fetched, FetchError>, Vec<String>) {
        let datasets = Datasets::from_toml(&format!("format = 1\n{text}")).expect("valid entries");
        let events = RefCell::new(Vec::new());
        let mut listen = |event: Event<'_>| events.borrow_mut().push(format!("{event:?}"));
        let tools = self.tools(settings);
        let result = fetch_with(&tools, &datasets, &self.cache(), &mut listen);
        (result, events.into_inner())
    }
}

/// An entry of a datasets file; each track is path, git's name of the content, and its size.
fn entry(commit: &str, tracks: &[(&str, &str, usize)]) -> String {
    let track = |(path, blob, size): &(&str, &str, usize)| {
        format!("{{ tier = \"A\", path = {path:?}, blob = {blob:?}, size_bytes = {size} }}")
    };
    format!(
        "[[repository]]\nname = \"owner+music\"\nurl = \"https://example.org/owner/music\"\n\
         commit = {commit:?}\nlicenses_in = \"LICENSE\"\nrole = \"finished master\"\n\
         split = \"train\"\nlicense = \"CC0-1.0\"\nartist = \"A\"\ngroup = \"a\"\n\
         tracks = [{}]\n",
        tracks.iter().map(track).collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn listed_files_of_a_commit_arrive_and_a_second_run_asks_for_nothing() {
    let Some(scene) = GitScene::new() else { return };
    let files = [
        ("a/song one.ogg", "first"),
        ("Séculaire (été).ogg", "second"),
        ("other.ogg", "unwanted"),
    ];
    let commit = scene.commit(&files);
    let [one, two] = [scene.blob(files[0].0), scene.blob(files[1].0)];
    let listed = [(files[0].0, &*one, 5), (files[1].0, &*two, 6)];
    let text = entry(&commit, &listed);
    // A later commit: the one that was looked at is not the newest.
    scene.commit(&[("a/song one.ogg", "changed")]);

    let (result, events) = scene.fetch(&[], &text);
    let fetched = result.expect("fetched");
    assert_eq!((fetched.fetched, fetched.left_out), (1, 0), "{events:?}");
    assert_eq!(scene.there(files[0].0).as_deref(), Some("first"));
    assert_eq!(scene.there(files[1].0).as_deref(), Some("second"));
    assert_eq!(scene.there("other.ogg"), None);
    assert!(!scene.cache().join("partial/owner+music").exists());
    assert!(!events.iter().any(|event| event.starts_with("OtherCommit")));
    assert!(scene.fetches() > 0);

    let (result, events) = scene.fetch(&[], &text);
    assert_eq!(result.expect("nothing to do").already_complete, 1);
    assert!(events.is_empty(), "{events:?}");
    assert_eq!(scene.fetches(), 0);
}

#[test]
fn a_server_that_gives_no_bare_commit_is_asked_for_its_branches() {
    let Some(scene) = GitScene::new() else { return };
    let commit = scene.commit(&[("1.ogg", "first")]);
    let blob = scene.blob("1.ogg");
    scene.commit(&[("1.ogg", "changed")]);
    // Protocol 0 refuses what no branch ends in.
    for name in [&*commit, &commit[..12]] {
        let text = entry(name, &[("1.ogg", &blob, 5)]);
        let (result, events) = scene.fetch(&["-c protocol.version=0"], &text);
        assert_eq!(result.expect("fetched").fetched, 1, "{events:?}");
        assert_eq!(scene.there("1.ogg").as_deref(), Some("first"));
        assert!(!events.iter().any(|event| event.starts_with("OtherCommit")));
        assert!(scene.fetches() >= 2, "the fallback was not needed");
        fs::remove_dir_all(scene.cache()).expect("was there");
    }
}

#[test]
fn a_server_that_leaves_contents_out_gives_them_one_by_one() {
    let Some(scene) = GitScene::new() else { return };
    let commit = scene.commit(&[("1.ogg", "first"), ("2.ogg", "second")]);
    let [one, two] = [scene.blob("1.ogg"), scene.blob("2.ogg")];
    scene.git(&["config", "uploadpack.allowFilter", "true"]);
    scene.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let text = entry(&commit, &[("1.ogg", &one, 5), ("2.ogg", &two, 6)]);
    let (result, events) = scene.fetch(&[], &text);
    assert_eq!(result.expect("fetched").fetched, 1, "{events:?}");
    assert_eq!(scene.there("2.ogg").as_deref(), Some("second"));
}

#[test]
fn a_lost_commit_is_said_and_its_files_are_taken_where_they_are_the_same() {
    let Some(scene) = GitScene::new() else { return };
    let commit = scene.commit(&[("1.ogg", "first")]);
    let blob = scene.blob("1.ogg");
    let lost = "0123456789abcdef0123456789abcdef01234567";
    let (result, events) = scene.fetch(&[], &entry(lost, &[("1.ogg", &blob, 5)]));
    assert_eq!(result.expect("fetched").fetched, 1);
    assert_eq!(scene.there("1.ogg").as_deref(), Some("first"));
    let warning = events.iter().find(|event| event.starts_with("OtherCommit"));
    let warning = warning.expect("a warning");
    assert!(
        warning.contains(lost) && warning.contains(&commit),
        "{warning}"
    );
}

#[test]
fn a_server_that_lacks_what_nobody_wants_still_gives_the_listed_files() {
    let Some(scene) = GitScene::new() else { return };
    let commit = scene.commit(&[("1.ogg", "first"), ("large.bin", "lost")]);
    let [blob, lost] = [scene.blob("1.ogg"), scene.blob("large.bin")];
    let (folder, file) = lost.split_at(2);
    let objects = scene.folder.path("published/.git/objects");
    fs::remove_file(objects.join(folder).join(file)).expect("a loose object");
    let (result, events) = scene.fetch(&[], &entry(&commit, &[("1.ogg", &blob, 5)]));
    let fetched = result.expect("fetched");
    assert_eq!((fetched.fetched, fetched.left_out), (1, 0), "{events:?}");
    assert_eq!(scene.there("1.ogg").as_deref(), Some("first"));
    assert!(
        events.iter().any(|event| event.contains("got: None")),
        "{events:?}"
    );
    let record = scene.there("fetched.json").expect("a record");
    assert!(record.contains("\"commit\": null"), "{record}");
}

#[test]
fn a_file_with_another_content_is_refused_and_leaves_nothing() {
    let Some(scene) = GitScene::new() else { return };
    let commit = scene.commit(&[("1.ogg", "first"), ("2.ogg", "second")]);
    let [one, two] = [scene.blob("1.ogg"), scene.blob("2.ogg")];
    for (text, reason) in [
        (entry(&commit, &[("1.ogg", &two, 6)]), one.as_str()),
        (
            entry(&commit, &[("3.ogg", &two, 6)]),
            "missing in its commit",
        ),
        (entry(&commit, &[("1.ogg", &one, 4)]), one.as_str()),
    ] {
        let error = scene.fetch(&[], &text).0.expect_err("a failure");
        let FetchError::Incomplete { failures, .. } = &error else {
            panic!("{error}");
        };
        assert!(
            matches!(&failures[..], [FetchError::Content { .. }]),
            "{error}"
        );
        let said = error.to_string();
        assert!(
            said.contains("owner+music") && said.contains(reason),
            "{said}"
        );
        assert_eq!(scene.there("1.ogg").or(scene.there("3.ogg")), None);
        assert!(!scene.cache().join("partial/owner+music").exists());
    }
}

#[test]
fn an_interrupted_run_is_continued_and_a_damaged_file_fetched_again() {
    let Some(scene) = GitScene::new() else { return };
    let commit = scene.commit(&[("1.ogg", "first"), ("2.ogg", "other")]);
    let [one, two] = [scene.blob("1.ogg"), scene.blob("2.ogg")];
    let text = entry(&commit, &[("1.ogg", &one, 5), ("2.ogg", &two, 5)]);
    scene.fetch(&[], &text).0.expect("fetched");
    scene.fetches();
    let folder = scene.cache().join("audio/owner+music");
    // All files are in place and the record is not: nothing has to be fetched for it.
    fs::remove_file(folder.join("fetched.json")).expect("was there");
    scene.fetch(&[], &text).0.expect("fetched");
    assert_eq!(scene.fetches(), 0);
    assert!(folder.join("fetched.json").exists());
    // Of the same size, and not recorded.
    fs::remove_file(folder.join("fetched.json")).expect("was there");
    fs::write(folder.join("2.ogg"), "worse").expect("written");
    scene.fetch(&[], &text).0.expect("fetched");
    assert_eq!(scene.there("2.ogg").as_deref(), Some("other"));
    // Shortened.
    fs::write(folder.join("1.ogg"), "fi").expect("written");
    scene.fetch(&[], &text).0.expect("fetched");
    assert_eq!(scene.there("1.ogg").as_deref(), Some("first"));
}

#[test]
fn a_repository_out_of_reach_is_said_and_left_out_and_the_rest_goes_on() {
    let Some(scene) = GitScene::new() else { return };
    let commit = scene.commit(&[("1.ogg", "first")]);
    let blob = scene.blob("1.ogg");
    let here = entry(&commit, &[("1.ogg", &blob, 5)]);
    let gone = here.replace("owner+music", "owner+gone").replace(
        "https://example.org/owner/music",
        "https://localhost:1/owner/gone",
    );
    let (result, events) = scene.fetch(&[], &format!("{gone}\n{here}"));
    let fetched = result.expect("no error");
    assert_eq!((fetched.fetched, fetched.left_out), (1, 1), "{events:?}");
    assert_eq!(scene.there("1.ogg").as_deref(), Some("first"));
    let warning = events
        .iter()
        .find(|event| event.starts_with("RepositoryLeftOut"));
    assert!(warning.is_some_and(|event| event.contains("owner+gone")));

    // The same where git is not installed.
    let tools = Tools {
        git: scene.folder.path("no-git").into(),
        ..Tools::default()
    };
    let datasets = Datasets::from_toml(&format!("format = 1\n{gone}")).expect("valid");
    let fetched = fetch_with(&tools, &datasets, &scene.cache(), &mut |_: Event<'_>| {});
    assert_eq!(fetched.expect("no error").left_out, 1);
}
