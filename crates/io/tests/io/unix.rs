//! Names and links as Unix has them; in `handles`, what only its handles, processes and modes give. The feature
//! `portable` does without those, and so do the tests under it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use acetate_io::{OutputFormat, WordLength, same_file};

use crate::support::*;

#[test]
fn a_name_that_is_no_utf8_works() {
    let folder = folder();
    let name = OsStr::from_bytes(b"m\xFFx.wav");
    let audio = noise(44_100, 1, 100, 16);
    let format = OutputFormat::from_extension(name, WordLength::Bits16).unwrap();
    let path = write(&folder.path().join(name), &audio, format);
    assert_same_bits(&decode(&path), &audio);
}

#[test]
fn a_symbolic_link_leads_to_the_same_file() {
    let folder = folder();
    let a = save(&folder, "a.wav", b"x");
    let soft = folder.path().join("soft.wav");
    symlink(&a, &soft).unwrap();
    assert!(same_file(&soft, &a));
}

#[cfg(not(feature = "portable"))]
mod handles {
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use acetate_io::{
        Container, Helper, HelperError, OpenOptions, OutputFormat, Patience, Seal, Spill,
        StageOptions, StagedFile, StagedFolder, WordLength, WriteError, open, open_shared,
        read_bounded,
    };
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use crate::support::*;

    fn wav() -> StageOptions<'static> {
        StageOptions::new(OutputFormat::new(Container::Wav, WordLength::Bits16).unwrap())
    }

    #[test]
    fn pipes_devices_and_folders_are_refused_at_once() {
        let folder = folder();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for (path, found) in [
            (pipe.as_path(), "found a pipe"),
            (Path::new("/dev/null"), "found a device"),
            (Path::new("/dev/zero"), "found a device"),
            (folder.path(), "found a folder"),
        ] {
            let error = read_bounded(path, 10).unwrap_err().to_string();
            assert!(error.contains(found), "{error}");
            let Err(error) = open(path, &OpenOptions::default()) else {
                panic!("{} opened", path.display());
            };
            let error = error.to_string();
            assert!(error.contains(found), "{error}");
        }
        assert!(StagedFile::check("/dev/null", true).is_err());
    }

    #[test]
    fn a_file_without_permission_is_an_error_that_says_so() {
        let folder = folder();
        let path = save(&folder, "a.wav", &wave(&fmt(1, 1, 44_100, 16), &[0; 8]));
        fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
        if File::open(&path).is_ok() {
            println!("skipped: this user may read everything");
            return;
        }
        let error = open(&path, &OpenOptions::default()).err().unwrap();
        assert!(error.to_string().contains("cannot be opened"), "{error}");
    }

    #[test]
    fn a_shared_file_is_never_a_link() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "v").unwrap();
        symlink(at("victim"), at("soft")).unwrap();
        fs::hard_link(at("victim"), at("hard")).unwrap();
        assert!(open_shared(&at("soft")).is_err());
        assert!(open_shared(&at("hard")).is_err());
        assert!(open_shared(&at("new")).is_ok());
        assert!(open_shared(&at("new")).is_ok());
    }

    #[test]
    fn only_its_owner_can_read_the_secret_of_a_seal() {
        let folder = folder();
        Seal::of_user(folder.path()).unwrap();
        let path = folder.path().join("seal.key");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let error = Seal::of_user(folder.path()).unwrap_err().to_string();
        assert!(error.contains("only its owner"), "{error}");
    }

    #[test]
    fn what_is_written_by_the_handle_cannot_be_led_elsewhere() {
        let place = folder();
        let staged = StagedFolder::create(place.path().join("pack"), false).unwrap();
        let inside = staged.handle_path();
        let elsewhere = place.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        // The owner of the folder around puts a link where the folder was.
        let moved = place.path().join("moved");
        fs::rename(staged.temporary_path(), &moved).unwrap();
        symlink(&elsewhere, staged.temporary_path()).unwrap();
        fs::write(inside.join("a"), "1").unwrap();
        assert!(!elsewhere.join("a").exists());
        assert!(moved.join("a").exists());
        fs::remove_file(staged.temporary_path()).unwrap();
    }

    #[test]
    fn a_temporary_file_that_is_locked_belongs_to_a_living_run() {
        let folder = folder();
        let audio = noise(44_100, 2, 100, 16);
        // Locked by a run in a container with process numbers of its own; the other one is nobody's.
        let at = |name: &str| folder.path().join(name);
        let (locked, stale) = (
            at(".o.wav.99999998-0.acetate-tmp"),
            at(".o.wav.99999999-0.acetate-tmp"),
        );
        let lock = File::create(&locked).unwrap();
        lock.try_lock().unwrap();
        fs::write(&stale, "x").unwrap();
        drop(stage(&at("o.wav"), &audio, &wav(), 100));
        assert!(locked.exists() && !stale.exists());
    }

    #[test]
    fn too_little_space_is_said_in_bytes_before_anything_is_written() {
        let folder = folder();
        let audio = noise(48_000, 2, 1, 25);
        let path = folder.path().join("out.wav");
        let error = Spill::create(&path, spec(&audio), Some(1 << 50))
            .err()
            .unwrap();
        let error = error.to_string();
        assert!(
            error.contains("9007199254740992 bytes of free space, found "),
            "{error}"
        );
        let options = StageOptions {
            expected_frames: Some(1 << 50),
            ..wav()
        };
        let error = StagedFile::create(&path, spec(&audio), &options);
        assert!(matches!(error, Err(WriteError::NoSpace { .. })));
    }

    #[test]
    fn a_program_that_says_nothing_is_ended_with_all_that_it_started() {
        let folder = folder();
        let mark = folder.path().join("pid");
        let script = format!("sleep 300 & echo $! > '{}'; wait", mark.display());
        let mut command = Command::new("sh");
        command.args(["-c", &script]).stdin(Stdio::null());
        let patience = Patience {
            at_once: Duration::from_millis(300),
            in_all: Duration::from_millis(900),
        };
        let started = Instant::now();
        let error = Helper::answer(command, patience, 100).unwrap_err();
        assert!(matches!(error, HelperError::TimedOut { .. }), "{error}");
        assert!(started.elapsed() < Duration::from_secs(5));
        let pid: i32 = (fs::read_to_string(mark).unwrap().trim()).parse().unwrap();
        // The system takes a moment to take it away.
        let gone = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            let state = fs::read_to_string(format!("/proc/{pid}/stat"));
            state.map_or(true, |state| state.contains(") Z "))
        });
        assert!(gone, "the sleep outlives its limit");
    }
}
