//! The page that lists the masters of a batch.

use std::fmt::Write;

use super::{STYLE, number};
use crate::html::escape;

/// What a page of ours says of itself; one that says so may be replaced.
pub const INDEX_MARK: &str = r#"<meta name="generator" content="Acetate index">"#;

/// One master of a batch.
#[derive(Clone, Debug)]
pub struct IndexRow {
    /// The mix.
    pub song: String,
    /// The address of its report page, relative to the index; none where there is no page.
    pub page: Option<String>,
    /// Integrated loudness, LUFS; not a number where nothing was made.
    pub integrated_lufs: f64,
    /// True peak, dBTP; not a number where nothing was made.
    pub true_peak_dbtp: f64,
    /// How it ended, in words.
    pub verdict: String,
    /// Whether all is well.
    pub is_good: bool,
}

/// Makes the page. No script, no request to anywhere.
pub fn index_page(rows: &[IndexRow]) -> String {
    let mut html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8">{INDEX_MARK}<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Masters</title><style>{STYLE}</style></head><body><main><h1>Masters</h1><p class="soft small">{} song{}</p><div class="scroll"><table><tr><th>song</th><th class="n">LUFS</th><th class="n">dBTP</th><th>verdict</th></tr>"#,
        rows.len(),
        if rows.len() == 1 { "" } else { "s" },
    );
    for row in rows {
        let song = escape(&row.song);
        let song = match &row.page {
            Some(page) => format!(r#"<a href="{}">{song}</a>"#, address(page)),
            None => song,
        };
        let _ = write!(
            html,
            r#"<tr><td>{song}</td><td class="n">{}</td><td class="n">{}</td><td class="{}">{}</td></tr>"#,
            number(row.integrated_lufs, 1),
            number(row.true_peak_dbtp, 1),
            if row.is_good { "good" } else { "bad" },
            escape(&row.verdict),
        );
    }
    html.push_str("</table></div></main></body></html>\n");
    html
}

/// A path as an address (RFC 3986, section 2): everything but letters, digits and `-._~/` is percent-encoded;
/// a name with a colon is no scheme.
fn address(path: &str) -> String {
    let mut address = String::new();
    if !path.starts_with('/') {
        address.push_str("./");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_and_addresses_stay_inside() {
        let row = IndexRow {
            song: "<b>.wav".to_owned(),
            page: Some("javascript:a b\".html".to_owned()),
            integrated_lufs: -14.04,
            true_peak_dbtp: f64::NAN,
            verdict: "verified".to_owned(),
            is_good: true,
        };
        let html = index_page(&[row]);
        assert!(html.contains(r#"<a href="./javascript%3Aa%20b%22.html">&lt;b&gt;.wav</a>"#));
        assert!(html.contains("-14.0") && html.contains('–') && html.contains(INDEX_MARK));
    }
}
