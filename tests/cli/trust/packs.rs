//! Packs: what a folder has to hold to be replaced.

use super::*;

#[test]
fn a_folder_with_sums_or_a_certificate_of_somebodys_own_is_no_earlier_pack() {
    let dir = Dir::new();
    certified(&dir);
    fs::create_dir_all(dir.path("album/stems")).unwrap();
    dir.write("album/song.wav", b"work");
    dir.write("album/stems/kick.wav", b"stem");
    let hash = "0".repeat(64);
    let sums = format!("{hash}  song.wav\n{hash}  stems\n{hash}  certificate.json\n");
    dir.write("album/SHA256SUMS", sums.as_bytes());
    let replace = [
        "master",
        "mix.wav",
        "-o",
        "n.wav",
        "--pack",
        "album",
        "--overwrite",
    ];
    let ran = dir.run(&replace).expect(2);
    assert!(ran.stderr.contains("found song.wav"), "{}", ran.stderr);
    fs::copy(dir.path("c.json"), dir.path("album/certificate.json")).unwrap();
    let ran = dir.run(&replace).expect(2);
    assert!(
        ran.stderr.contains("added: song.wav, stems"),
        "{}",
        ran.stderr
    );
    assert_eq!(dir.bytes("album/stems/kick.wav"), b"stem");
    assert_eq!(dir.bytes("album/song.wav"), b"work");
}

#[test]
fn an_engineers_work_in_a_pack_is_named_and_kept() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    let replace = [
        "master",
        "mix.wav",
        "-o",
        "m.wav",
        "--pack",
        "pack",
        "--overwrite",
    ];
    dir.run(&replace).expect(0);
    dir.run(&replace).expect(0);
    dir.write("pack/session.rpp", b"edited");
    dir.write("pack/mine.rpp", b"new");
    let ran = dir.run(&replace).expect(2);
    let said = "changed: session.rpp; added: mine.rpp";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(dir.bytes("pack/session.rpp"), b"edited");
    fs::remove_file(dir.path("pack/mine.rpp")).unwrap();
    fs::remove_file(dir.path("pack/session.rpp")).unwrap();
    fs::create_dir(dir.path("pack/session.rpp")).unwrap();
    dir.write("pack/session.rpp/take.wav", b"take");
    dir.run(&replace).expect(2);
    assert_eq!(dir.bytes("pack/session.rpp/take.wav"), b"take");
}

#[test]
fn the_sums_of_a_pack_check_whatever_the_mix_is_called() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    let name = "s.w\n0000  x\\";
    fs::copy(dir.path("mix.wav"), dir.path(name)).unwrap();
    dir.run(&["master", name, "-o", "m.wav", "--pack", "pack"])
        .expect(0);
    assert!(dir.names_in("pack").contains(&"mix.wav".to_owned()));
    let checked = Command::new("sha256sum")
        .args(["--check", "--quiet", "--strict", "SHA256SUMS"])
        .current_dir(dir.path("pack"))
        .status()
        .unwrap();
    assert!(checked.success());
}
