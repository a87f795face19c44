//! The page of an album: loudness over the whole, tone beside the common sound, joins to listen to, what was
//! delivered.

use std::fmt::Write;

use acetate_dsp::Audio;
use acetate_dsp::Processor;
use acetate_dsp::measure::bands::{FIRST_BAND, center_hz};
use acetate_dsp::process::dither::{Dither, WordLength};
use acetate_dsp::units::clock;

use super::charts::thinned;
use super::{STYLE, number};
use crate::base64;
use crate::error::HandoverError;
use crate::html::escape;
use crate::svg::{Axis, Plot};
use crate::version::flac;

/// What all joins may take of a page, bytes.
pub const MAX_JOINS_BYTES: usize = 25_000_000;
/// Seed of the joins' dither: the same page each time.
const DITHER_SEED: u64 = 0x0A1B_0301;
/// Loudness that is drawn below the highest, LU.
const RANGE_LU: f64 = 40.0;
/// Least and most that the charts of tone reach to either side of the common one, dB.
const TONE_DB: (f64, f64) = (10.0, 30.0);

/// One song on the page.
#[derive(Clone, Debug)]
pub struct AlbumSong {
    /// Number on the album.
    pub number: usize,
    /// Title.
    pub title: String,
    /// Where it begins, seconds.
    pub start_s: f64,
    /// Length with the pause behind it, seconds.
    pub length_s: f64,
    /// Integrated loudness of the master, LUFS.
    pub integrated_lufs: f64,
    /// True peak, dBTP.
    pub true_peak_dbtp: f64,
    /// Loudness of the body, LUFS.
    pub body_lufs: f64,
    /// Most gain reduction of the limiter, dB.
    pub limiting_db: f64,
    /// What the album asked beyond a single, in words.
    pub asked: String,
    /// Third octaves of the mix from 39 Hz against its loudness, dB.
    pub mix_tone_db: Vec<f64>,
    /// The same of the master, dB.
    pub tone_db: Vec<f64>,
    /// Every check passed.
    pub is_good: bool,
}

/// Where two songs meet, as delivered.
#[derive(Clone, Debug)]
pub struct AlbumJoin {
    /// Which songs.
    pub label: String,
    /// The end of one and the start of the next.
    pub audio: Audio,
}

/// A line of the table of deliverables.
#[derive(Clone, Debug)]
pub struct AlbumCheck {
    /// The deliverable.
    pub folder: String,
    /// What is checked.
    pub what: String,
    /// What is asked for.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Met or not.
    pub is_good: bool,
}

/// What the page of an album is made of.
#[derive(Clone, Debug)]
pub struct AlbumPage {
    /// Title and artist.
    pub heading: String,
    /// The verdict in words.
    pub verdict: String,
    /// Whether all was met.
    pub is_good: bool,
    /// One line on the whole.
    pub summary: String,
    /// Loudness aimed at, LUFS.
    pub target_lufs: f64,
    /// Short-term loudness of the whole sequence, ten times a second, LUFS.
    pub short_term_lufs: Vec<f32>,
    /// Its songs.
    pub songs: Vec<AlbumSong>,
    /// Its joins.
    pub joins: Vec<AlbumJoin>,
    /// What was delivered.
    pub checks: Vec<AlbumCheck>,
}

/// Makes the page. No script, no request to anywhere.
///
/// # Errors
/// [`HandoverError`] if the joins cannot be encoded.
pub fn album_page(album: &AlbumPage) -> Result<String, HandoverError> {
    let heading = escape(&album.heading);
    let class = if album.is_good { "" } else { " bad" };
    let mut html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; media-src data:"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{heading}</title><style>{STYLE}</style></head><body><main><p class="soft small">Acetate · album</p><h1>{heading}</h1><p><span class="badge{class}">{}</span></p><p>{}</p>"#,
        escape(&album.verdict),
        escape(&album.summary),
    );
    html += &format!(
        r#"<section><h2>Loudness</h2><figure class="over-time">{}<figcaption>Short-term loudness, the songs by their numbers; dashed, the loudness aimed at.</figcaption></figure></section>"#,
        loudness(album)
    );
    html += &songs(album);
    html += &joins(album)?;
    html += &tones(album);
    html += &checks(album);
    html += "</main></body></html>\n";
    Ok(html)
}

/// Short-term loudness of the whole, every second song shaded.
fn loudness(album: &AlbumPage) -> String {
    let length_s = album
        .songs
        .last()
        .map_or(0.0, |song| song.start_s + song.length_s);
    let values = &album.short_term_lufs;
    let loudest = values
        .iter()
        .fold(f32::NEG_INFINITY, |most, lufs| most.max(*lufs));
    let top = (f64::from(loudest).max(album.target_lufs) / 5.0).ceil() * 5.0;
    let top = if top.is_finite() { top } else { 0.0 };
    let mut plot = Plot::new(
        Axis::time(length_s),
        Axis::linear(top - RANGE_LU, top, "LUFS"),
    );
    for song in album.songs.iter().skip(1).step_by(2) {
        plot.shade(song.start_s, song.start_s + song.length_s, "passage");
    }
    for song in &album.songs {
        let end_s = song.start_s + song.length_s;
        plot.name(song.start_s, end_s, &song.number.to_string());
    }
    plot.level(album.target_lufs, "target");
    // Each value stands for the three seconds that end with it.
    let points = thinned(values, |lufs| f64::from(*lufs))
        .map(|(share, lufs)| (3.0 + share * (length_s - 3.0).max(0.0), lufs));
    plot.line(&points.collect::<Vec<_>>(), "after");
    plot.finish("Short-term loudness of the album over time")
}

fn songs(album: &AlbumPage) -> String {
    let mut html = r#"<section><h2>Songs</h2><div class="scroll"><table class="cards"><tr><th>song</th><th class="n">begins</th><th class="n">LUFS</th><th class="n">body</th><th class="n">dBTP</th><th class="n">limiting</th><th>beyond a single</th><th>checks</th></tr>"#.to_owned();
    for song in &album.songs {
        let _ = write!(
            html,
            r#"<tr><td>{}. {}</td><td class="n" data-label="begins">{}</td><td class="n" data-label="loudness, LUFS">{}</td><td class="n" data-label="body, LUFS">{}</td><td class="n" data-label="true peak, dBTP">{}</td><td class="n" data-label="limiting">{} dB</td><td data-label="beyond a single">{}</td>{}</tr>"#,
            song.number,
            escape(&song.title),
            clock(song.start_s, 0),
            number(song.integrated_lufs, 1),
            number(song.body_lufs, 1),
            number(song.true_peak_dbtp, 2),
            number(song.limiting_db, 1),
            escape(&song.asked),
            verdict(song.is_good, "checks"),
        );
    }
    html + "</table></div></section>"
}

/// A cell that says in a word whether all is met.
fn verdict(is_good: bool, label: &str) -> String {
    let (class, word) = if is_good {
        ("good", "met")
    } else {
        ("bad", "not met")
    };
    format!(r#"<td class="{class}" data-label="{label}">{word}</td>"#)
}

fn joins(album: &AlbumPage) -> Result<String, HandoverError> {
    if album.joins.is_empty() {
        return Ok(String::new());
    }
    let mut html = r#"<section class="screen"><h2>Joins</h2><p class="soft small">The end of one song and the start of the next, as loud as delivered.</p><div class="joins">"#.to_owned();
    for join in &album.joins {
        let mut audio = join.audio.clone();
        Dither::new(WordLength::Bits16, DITHER_SEED).process(&mut audio);
        let _ = write!(
            html,
            r#"<p>{}<br><audio controls preload="metadata" src="data:audio/flac;base64,{}"></audio></p>"#,
            escape(&join.label),
            base64::encode(&flac(&audio)?),
        );
    }
    Ok(html + "</div></section>")
}

/// Each song beside the common sound, all on one scale.
fn tones(album: &AlbumPage) -> String {
    let common = common(album);
    let of_song = |song: &AlbumSong| {
        let levels = song.tone_db.iter().zip(&common);
        levels.fold(0.0, |most: f64, (level, common)| {
            most.max((level - common).abs())
        })
    };
    let most_db = album.songs.iter().map(of_song).fold(0.0, f64::max);
    let most_db = ((most_db / 5.0).ceil() * 5.0).clamp(TONE_DB.0, TONE_DB.1);
    let mut html = r#"<section><h2>Tone beside the common sound</h2><p class="soft small">Third octaves of each song against the mean of all masters.<span class="key"></span>mix<span class="key after"></span>master</p><div class="charts">"#.to_owned();
    for song in &album.songs {
        let _ = write!(
            html,
            "<figure><h3>{}. {}</h3>{}</figure>",
            song.number,
            escape(&song.title),
            tone(song, &common, most_db)
        );
    }
    html + "</div></section>"
}

/// The mean of all masters, dB.
fn common(album: &AlbumPage) -> Vec<f64> {
    let bands = album
        .songs
        .iter()
        .map(|song| song.tone_db.len())
        .max()
        .unwrap_or(0);
    let mean = |band: usize| {
        let levels = album.songs.iter().filter_map(|song| song.tone_db.get(band));
        let (sum, count) =
            levels.fold((0.0, 0.0), |(sum, count), level| (sum + level, count + 1.0));
        sum / f64::max(count, 1.0)
    };
    (0..bands).map(mean).collect()
}

fn tone(song: &AlbumSong, common: &[f64], most_db: f64) -> String {
    let mut plot = Plot::new(Axis::frequency(), Axis::linear(-most_db, most_db, "dB"));
    plot.level(0.0, "target");
    for (levels, class) in [(&song.mix_tone_db, "before"), (&song.tone_db, "after")] {
        let against = levels.iter().zip(common).enumerate();
        let points: Vec<(f64, f64)> = against
            .map(|(band, (level, common))| (center_hz(FIRST_BAND + band), level - common))
            .collect();
        plot.line(&points, class);
    }
    plot.finish(&format!("Tone of {} against the common sound", song.title))
}

fn checks(album: &AlbumPage) -> String {
    if album.checks.is_empty() {
        return String::new();
    }
    let mut html = r#"<section><h2>Deliverables</h2><div class="scroll"><table class="cards"><tr><th>folder</th><th>what</th><th>expected</th><th>found</th><th>checks</th></tr>"#.to_owned();
    for check in &album.checks {
        let _ = write!(
            html,
            r#"<tr><td>{}</td><td data-label="what">{}</td><td data-label="expected">{}</td><td data-label="found">{}</td>{}</tr>"#,
            escape(&check.folder),
            escape(&check.what),
            escape(&check.expected),
            escape(&check.found),
            verdict(check.is_good, "checks"),
        );
    }
    html + "</table></div></section>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_asks_for_nothing_and_keeps_titles_text() {
        let song = AlbumSong {
            number: 1,
            title: "<i>One</i>".to_owned(),
            start_s: 0.0,
            length_s: 20.0,
            integrated_lufs: -14.0,
            true_peak_dbtp: -1.0,
            body_lufs: -13.0,
            limiting_db: 2.0,
            asked: String::new(),
            mix_tone_db: vec![-20.0; 27],
            tone_db: vec![-19.0; 27],
            is_good: true,
        };
        let album = AlbumPage {
            heading: "A & B".to_owned(),
            verdict: "verified".to_owned(),
            is_good: true,
            summary: String::new(),
            target_lufs: -14.0,
            short_term_lufs: vec![-15.0; 170],
            songs: vec![song],
            joins: vec![AlbumJoin {
                label: "1 to 2".to_owned(),
                audio: Audio::silence(44_100, 2, 4_410),
            }],
            checks: vec![AlbumCheck {
                folder: "cd".to_owned(),
                what: "length".to_owned(),
                expected: "at most 79:57:00".to_owned(),
                found: "85:00:00".to_owned(),
                is_good: false,
            }],
        };
        let html = album_page(&album).unwrap();
        assert!(html.contains("&lt;i&gt;One") && html.contains("A &amp; B"));
        assert!(html.contains("data:audio/flac;base64,"));
        // Whether something is met does not hang on its color.
        assert!(html.contains(">met</td>") && html.contains(">not met</td>"));
        assert!(!html.contains("http:") && !html.contains("<script"));
    }
}
