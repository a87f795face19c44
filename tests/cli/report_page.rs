//! The report page: one file that works without a network, and a player that plays.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::dir::Dir;

const MIX: &str = "rock_excerpt.flac";
/// The limit that users are told, bytes.
const MAX_PAGE_BYTES: usize = 25_000_000;

/// How long the browser may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Plays, switches through all versions, loops and answers a blind test; what it sees ends in the page.
const DRIVER: &str = r#"<script>
(async () => {
  const player = window.acetatePlayer, problems = [], wait = (ms) => new Promise((done) => setTimeout(done, ms));
  addEventListener("error", (event) => problems.push(event.message));
  addEventListener("securitypolicyviolation", (event) => problems.push(event.blockedURI));
  const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key }));
  document.getElementById("play").click();
  for (let i = 0; i < 200 && !player.state.playing; i += 1) await wait(50);
  await wait(300);
  const heard = [];
  for (const key of ["1", "2", "3"]) {
    press(key);
    await wait(120);
    heard.push(player.state.gains.map((gain) => gain.gain.value).join(""));
  }
  const moved = player.position();
  press("l");
  document.getElementById("abx-begin").click();
  await wait(50);
  for (let i = 0; i < 10; i += 1) press("1");
  const facts = { playing: player.state.playing, moved: moved > 0.2, heard, loop: player.state.loop,
    trials: player.state.abx.trials, chance: player.chance(9, 10), problems,
    requests: performance.getEntriesByType("resource").length,
    fits: document.documentElement.scrollWidth <= innerWidth,
    lengths: player.state.buffers.map((buffer) => buffer.duration.toFixed(2)) };
  console.log("OUTCOME " + JSON.stringify(facts));
})();
</script></body>"#;

fn page(dir: &Dir) -> String {
    dir.excerpt(MIX);
    dir.run(&["master", MIX, "-o", "m.wav", "--report", "r.html"])
        .expect(0);
    String::from_utf8(dir.bytes("r.html")).expect("text")
}

#[test]
fn the_page_is_one_file_that_asks_nobody_for_anything() {
    let dir = Dir::new();
    let html = page(&dir);
    assert!(html.len() <= MAX_PAGE_BYTES, "{}", html.len());
    let markup = html
        .split("<script type=\"text/plain\"")
        .next()
        .expect("markup");
    for reference in ["src=", "href=", "url(", "http://", "https://", "@import"] {
        assert!(!markup.contains(reference), "{reference}");
    }
    assert!(markup.contains("default-src 'none'"));
    for heading in [
        "Listen",
        "Figures",
        "Checks",
        "Without it",
        "Findings",
        "Certificate",
        "Loudness over time",
    ] {
        assert!(markup.contains(heading), "{heading}");
    }
    assert_eq!(html.matches("type=\"text/plain\"").count(), 3);
    // A second page is refused without --overwrite, before any work.
    let again = dir
        .run(&["master", MIX, "-o", "m2.wav", "--report", "r.html"])
        .expect(2);
    assert!(again.stderr.contains("r.html"), "{}", again.stderr);
    assert_eq!(dir.names(), ["m.wav", "r.html", MIX]);
}

#[test]
fn a_master_on_standard_output_has_no_page() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    let ran = dir
        .run(&["master", MIX, "-o", "-", "--report", "r.html"])
        .expect(2);
    assert!(ran.stderr.contains("--report"), "{}", ran.stderr);
}

#[test]
fn the_player_plays_and_switches_in_a_real_browser() {
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .status()
                .is_ok()
        })
    else {
        println!("skipped: no Chromium is installed (Debian: apt-get install chromium)");
        return;
    };
    let dir = Dir::new();
    let html = page(&dir);
    // The policy lets the page's own script alone in; the driver gets a pass of its own.
    let driver = DRIVER.replace("<script>", "<script nonce=\"driver\">");
    let driven_page = html
        .replacen("script-src ", "script-src 'nonce-driver' ", 1)
        .replace("</body>", &driver);
    dir.write("driven.html", driven_page.as_bytes());
    for size in ["1280,900", "390,844"] {
        let facts = driven(
            browser,
            &dir.path("driven.html"),
            &dir.path("profile"),
            size,
        );
        println!("{size}: {facts}");
        assert_eq!(facts["playing"], true);
        assert_eq!(facts["moved"], true);
        assert!(facts["loop"].is_array(), "{}", facts["loop"]);
        assert_eq!(facts["fits"], true);
        assert_eq!(facts["heard"], serde_json::json!(["100", "010", "001"]));
        assert_eq!(facts["trials"], 10);
        // 11 of 1024.
        assert_eq!(facts["chance"], 11.0 / 1024.0);
        assert_eq!(facts["problems"], serde_json::json!([]));
        assert_eq!(facts["requests"], 0);
        let lengths = facts["lengths"].as_array().expect("lengths");
        assert!(lengths.iter().all(|length| length == &lengths[0]));
    }
}

/// What the driver found out; the browser writes the page's console to its standard error.
fn driven(browser: &str, page: &Path, profile: &Path, size: &str) -> serde_json::Value {
    let mut running = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--mute-audio",
        ])
        .args([
            "--autoplay-policy=no-user-gesture-required",
            "--enable-logging=stderr",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={size}"))
        .arg(format!("file://{}", page.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the browser runs");
    let console = BufReader::new(running.stderr.take().expect("its console"));
    let (tell, told) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in console.lines().map_while(Result::ok) {
            if line.contains(":CONSOLE") && tell.send(line).is_err() {
                return;
            }
        }
    });
    let first = told.recv_timeout(PATIENCE);
    running.kill().expect("the browser ends");
    running.wait().expect("the browser ends");
    drop(told);
    reader.join().expect("the console was read");
    let line = first.expect("the driver came to its end");
    // Anything else on the console is an error or a warning of the page.
    let outcome = line.split_once("\"OUTCOME ").map(|(_, rest)| rest);
    let outcome = outcome.and_then(|rest| rest.split("\", source:").next());
    let outcome = outcome.unwrap_or_else(|| panic!("the page wrote to its console: {line}"));
    serde_json::from_str(outcome).expect("facts as JSON")
}
