//! The PQ sheet: what a plant compares a disc with, as a table for people and as CSV.

use std::fmt::Write;

use acetate_dsp::plain::{csv_field, field};

use super::disc::{Disc, DiscTrack, msf};

/// The sheet as CSV.
pub(crate) fn pq_csv(disc: &Disc) -> String {
    let mut csv = "track,index 00,index 01,end,length,title,artist,isrc\r\n".to_owned();
    for track in &disc.tracks {
        // Writing to a text does not fail.
        let _ = write!(
            csv,
            "{:02},{},{},{},{},{},{},{}\r\n",
            track.number,
            track.index0.map(msf).unwrap_or_default(),
            msf(track.index1),
            msf(track.end),
            msf(track.end - track.index1),
            csv_field(&track.title),
            csv_field(&track.artist),
            track.isrc.clone().unwrap_or_default()
        );
    }
    csv
}

/// The sheet as a page that prints to one sheet of paper.
pub(crate) fn pq_page(disc: &Disc) -> String {
    // The disc's artist stands above the table.
    let has_artists = disc.tracks.iter().any(|track| track.artist != disc.artist);
    let artist = if has_artists { "<th>Artist" } else { "" };
    let mut rows = String::new();
    for track in &disc.tracks {
        rows += &row(track, has_artists);
    }
    let end = disc.tracks.last().map_or(0, |track| track.end);
    let mut facts = vec![("Artist", disc.artist.clone()), ("Length", msf(end))];
    let optional = [
        ("UPC/EAN", &disc.catalog),
        ("Label", &disc.label),
        ("Catalog number", &disc.catalog_number),
        ("Date", &disc.date),
    ];
    facts.extend(
        optional
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.clone()?))),
    );
    let facts: String = facts
        .iter()
        .map(|(name, text)| format!("<dt>{name}</dt><dd>{}</dd>", escaped(text)))
        .collect();
    let title = escaped(&disc.title);
    // Many tracks take smaller letters, so that one sheet of paper holds them.
    let points = (640.0 / (disc.tracks.len() as f64 + 12.0)).clamp(5.0, 10.0);
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>PQ sheet: {title}</title>\n\
         <style>@page{{size:A4;margin:15mm}}body{{font:{points:.1}pt/1.3 sans-serif;color:#111;background:#fff}}\
         table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;padding:.15em .5em;\
         border-bottom:1px solid #bbb}}td.n{{font-variant-numeric:tabular-nums;white-space:nowrap}}\
         dl{{display:grid;grid-template-columns:max-content 1fr;gap:.1em 1em}}dd{{margin:0}}\
         h1{{font-size:1.6em}}</style>\n\
         <h1>PQ sheet: {title}</h1><dl>{facts}</dl>\n<table><thead><tr><th>Track<th>Index 00<th>Index 01<th>Length\
         <th>Title{artist}<th>ISRC</thead><tbody>\n{rows}</tbody></table>\n\
         <p>Places are minutes:seconds:frames, 75 frames a second, from the start of track 1.</p></html>\n"
    )
}

fn row(track: &DiscTrack, has_artists: bool) -> String {
    let artist = if has_artists {
        format!("<td>{}", escaped(&track.artist))
    } else {
        String::new()
    };
    format!(
        "<tr><td class=n>{:02}<td class=n>{}<td class=n>{}<td class=n>{}<td>{}{artist}<td class=n>{}</tr>\n",
        track.number,
        track.index0.map(msf).unwrap_or_default(),
        msf(track.index1),
        msf(track.end - track.index1),
        escaped(&track.title),
        track.isrc.clone().unwrap_or_default()
    )
}

fn escaped(text: &str) -> String {
    let text = field(text);
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
