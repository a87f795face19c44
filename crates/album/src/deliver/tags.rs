//! What stands beside the sound of a track: what its mix carries, and over it what the manifest says.

use acetate_dsp::units::gain_from_db;
use acetate_io::{Broadcast, TagWarning, Tags};

use crate::plan::{MARK, mark_of};
use crate::release::{Release, Song};
use crate::report::Figures;

/// What ReplayGain 2.0 brings a program to, LUFS.
const REPLAY_GAIN_LUFS: f64 = -18.0;

/// Sets what is said; what is not stays.
fn set(tags: &mut Tags, name: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        tags.set_text(name, value);
    }
}

/// What the album says of all its files.
pub(super) fn add_album(tags: &mut Tags, release: &Release) {
    let fields = &release.fields;
    let mut set = |name: &str, value: Option<&str>| set(tags, name, value);
    set("ALBUM", Some(&fields.title));
    set("ALBUMARTIST", Some(&fields.artist));
    let number = |value: Option<u32>| value.map(|value| value.to_string());
    set("DISCNUMBER", number(fields.disc).as_deref());
    set("DISCTOTAL", number(fields.disc_total).as_deref());
    set("DATE", fields.date.as_deref());
    set("GENRE", fields.genre.as_deref());
    set("LABEL", fields.label.as_deref());
    set("PUBLISHER", fields.label.as_deref());
    set("COPYRIGHT", fields.copyright.as_deref());
    set("CATALOGNUMBER", fields.catalog_number.as_deref());
    let upc = fields.upc.as_ref().map(crate::codes::Barcode::as_str);
    set("BARCODE", upc);
    set("UPC", upc);
    if let Some(cover) = &release.cover {
        tags.set_front_cover(cover.mime, cover.data.clone());
    }
}

/// The tags of a track, and what its mix carries that they cannot.
pub(crate) fn tags_of(
    release: &Release,
    song: &Song,
    track: &Figures,
    whole: &Figures,
) -> (Tags, Vec<TagWarning>) {
    let (mut tags, mut warnings) = Tags::read(&song.path);
    warnings.extend(tags.begin_later(song.skipped_frames, song.spec.sample_rate_hz));
    add_album(&mut tags, release);
    let mut set = |name: &str, value: Option<&str>| set(&mut tags, name, value);
    set("TITLE", Some(&song.title));
    set("ARTIST", Some(&song.artist));
    set("TRACKNUMBER", Some(&song.number.to_string()));
    set("TRACKTOTAL", Some(&release.song_count().to_string()));
    set("ISRC", song.isrc.as_ref().map(crate::codes::Isrc::as_str));
    for (figures, kind) in [(track, "TRACK"), (whole, "ALBUM")] {
        let gain_db = REPLAY_GAIN_LUFS - figures.integrated_lufs;
        let peak = gain_from_db(figures.true_peak_dbtp);
        if gain_db.is_finite() {
            set(
                &format!("REPLAYGAIN_{kind}_GAIN"),
                Some(&format!("{gain_db:.2} dB")),
            );
            set(
                &format!("REPLAYGAIN_{kind}_PEAK"),
                Some(&format!("{peak:.6}")),
            );
        }
    }
    set(MARK, Some(&mark_of(track)));
    set(
        "REPLAYGAIN_REFERENCE_LOUDNESS",
        Some(&format!("{REPLAY_GAIN_LUFS:.2} LUFS")),
    );
    (tags, warnings)
}

/// The loudness chunk of a track's WAV.
pub(crate) fn broadcast_of(
    (artist, title): (&str, &str),
    figures: &Figures,
    history: String,
) -> Broadcast {
    Broadcast {
        description: format!("{artist} - {title}"),
        integrated_lufs: figures.integrated_lufs,
        loudness_range_lu: figures.loudness_range_lu,
        true_peak_dbtp: figures.true_peak_dbtp,
        momentary_max_lufs: figures.momentary_max_lufs,
        short_term_max_lufs: figures.short_term_max_lufs,
        history,
    }
}

/// A file name of letters, digits, - and _ alone, as every receiver takes it.
pub(crate) fn file_name(number: usize, count: usize, title: &str, extension: &str) -> String {
    let width = count.to_string().len().max(2);
    let mut plain = String::new();
    for character in title.chars() {
        match folded(character) {
            Some(text) => plain.push_str(text),
            None if character.is_ascii_alphanumeric() || character == '-' => plain.push(character),
            // An apostrophe joins.
            None if matches!(character, '\'' | '\u{2019}') => {}
            None if !plain.ends_with('_') => plain.push('_'),
            None => {}
        }
    }
    let plain: String = plain.trim_matches('_').chars().take(MAX_TITLE).collect();
    let title = if plain.is_empty() { "track" } else { &plain };
    format!("{number:0width$}_{title}.{extension}")
}

/// Longest part of a title in a name, characters.
const MAX_TITLE: usize = 80;

/// Letters that have a usual spelling without accents.
fn folded(character: char) -> Option<&'static str> {
    let text = match character {
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'Ä' => "Ae",
        'Ö' => "Oe",
        'Ü' => "Ue",
        'à' | 'á' | 'â' | 'ã' | 'å' => "a",
        'À' | 'Á' | 'Â' | 'Ã' | 'Å' => "A",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'È' | 'É' | 'Ê' | 'Ë' => "E",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'Ì' | 'Í' | 'Î' | 'Ï' => "I",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' => "o",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ø' => "O",
        'ù' | 'ú' | 'û' => "u",
        'Ù' | 'Ú' | 'Û' => "U",
        'ç' => "c",
        'Ç' => "C",
        'ñ' => "n",
        'Ñ' => "N",
        'æ' => "ae",
        'Æ' => "Ae",
        'œ' => "oe",
        '&' => "and",
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_every_receiver_takes() {
        assert_eq!(
            file_name(3, 12, "L'été & Größe (live)", "wav"),
            "03_Lete_and_Groesse_live.wav"
        );
        assert_eq!(file_name(3, 120, "日本", "flac"), "003_track.flac");
    }
}
