//! Chapters: a start in time and a title, between the forms that containers have for them.

mod chapter;

pub(super) use self::chapter::Chapter;
use super::id3::{Frame, text_frame};
use super::{Collected, Field, Tags};

/// Most chapters that can be written: ID3v2 counts them in a byte.
const MAX_IN_TABLE: usize = 255;
/// Stands for a place in bytes that is not given (ID3v2 Chapter Frame Addendum, 3.1).
const NO_OFFSET: u32 = u32::MAX;

impl Collected {
    /// Takes the chapters out of what was read as comments (`CHAPTER001=00:00:04.000`,
    /// `CHAPTER001NAME=…`). Whatever else is under such a name stays a comment.
    pub(super) fn chapters_from_comments(&mut self) {
        let is_number = |name: &str| {
            let digits = name.get(7..).unwrap_or_default();
            name.get(..7)
                .is_some_and(|start| start.eq_ignore_ascii_case("CHAPTER"))
                && (2..=4).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !self.tags.chapters.is_empty() {
            return;
        }
        let mut rest = Vec::new();
        let mut titles = std::collections::BTreeMap::new();
        let mut starts = Vec::new();
        for field in std::mem::take(&mut self.tags.fields) {
            let upper = field.name.to_ascii_uppercase();
            if is_number(&upper) {
                match milliseconds(&field.value) {
                    Some(start_ms) => starts.push((upper, start_ms)),
                    None => rest.push(field),
                }
            } else if upper.strip_suffix("NAME").is_some_and(is_number) {
                titles.entry(upper).or_insert(field);
            } else {
                rest.push(field);
            }
        }
        for (name, start_ms) in starts {
            let title = titles.remove(&format!("{name}NAME"));
            self.tags.chapters.push(Chapter {
                start_ms,
                end_ms: None,
                title: title.map_or_else(String::new, |title: Field| title.value),
            });
        }
        rest.extend(titles.into_values());
        self.tags.fields = rest;
        self.tags.chapters.sort_by_key(|chapter| chapter.start_ms);
    }
}

/// `HH:MM:SS.mmm`.
fn milliseconds(text: &str) -> Option<u64> {
    let mut parts = text.trim().split(':');
    let hours: u64 = parts.next()?.parse().ok()?;
    let minutes: u64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    let is_time =
        parts.next().is_none() && hours < 1000 && minutes < 60 && (0.0..60.0).contains(&seconds);
    is_time.then(|| (hours * 60 + minutes) * 60_000 + (seconds * 1000.0).round() as u64)
}

/// As comments of Vorbis.
pub(super) fn comments(chapters: &[Chapter]) -> Vec<String> {
    let mut fields = Vec::new();
    for (index, chapter) in chapters.iter().enumerate() {
        let number = index + 1;
        let ms = chapter.start_ms;
        fields.push(format!(
            "CHAPTER{number:03}={:02}:{:02}:{:02}.{:03}",
            ms / 3_600_000,
            ms / 60_000 % 60,
            ms / 1000 % 60,
            ms % 1000
        ));
        fields.push(format!("CHAPTER{number:03}NAME={}", chapter.title));
    }
    fields
}

/// As frames of ID3v2, with a table of contents where it can hold them.
pub(super) fn frames(chapters: &[Chapter], program_ms: Option<u64>) -> Vec<Frame> {
    let mut frames = Vec::new();
    for (index, chapter) in chapters.iter().enumerate() {
        let next = chapters.get(index + 1).map(|next| next.start_ms);
        let end_ms = chapter
            .end_ms
            .or(next)
            .or(program_ms)
            .unwrap_or(chapter.start_ms);
        let mut body = format!("chp{index}\0").into_bytes();
        for ms in [chapter.start_ms, end_ms.max(chapter.start_ms)] {
            body.extend(u32::try_from(ms).unwrap_or(u32::MAX).to_be_bytes());
        }
        body.extend(NO_OFFSET.to_be_bytes());
        body.extend(NO_OFFSET.to_be_bytes());
        body.extend(text_frame(*b"TIT2", &chapter.title).bytes());
        frames.push(Frame::new(*b"CHAP", body));
    }
    if (1..=MAX_IN_TABLE).contains(&chapters.len()) {
        // Top level, in order.
        let mut body = b"toc\0\x03".to_vec();
        body.push(chapters.len() as u8);
        for index in 0..chapters.len() {
            body.extend(format!("chp{index}\0").bytes());
        }
        frames.push(Frame::new(*b"CTOC", body));
    }
    frames
}

impl Tags {
    /// Chapters or cue points as a file of ffmpeg's metadata; `None` without any. `program_ms` is where the last one
    /// ends, milliseconds.
    pub fn chapters_for_ffmpeg(&self, program_ms: u64) -> Option<String> {
        let chapters = self.chapters_or_cue_points();
        let mut text = ";FFMETADATA1\n".to_owned();
        for (index, chapter) in chapters.iter().enumerate() {
            let next = chapters.get(index + 1).map(|next| next.start_ms);
            let end_ms = chapter.end_ms.or(next).unwrap_or(program_ms);
            let mut title = String::new();
            for character in chapter.title.chars() {
                match character {
                    '=' | ';' | '#' | '\\' => title.extend(['\\', character]),
                    '\0' | '\n' | '\r' => title.push(' '),
                    character => title.push(character),
                }
            }
            text += &format!(
                "[CHAPTER]\nTIMEBASE=1/1000\nSTART={}\nEND={}\ntitle={title}\n",
                chapter.start_ms,
                end_ms.max(chapter.start_ms)
            );
        }
        (!chapters.is_empty()).then_some(text)
    }

    /// Chapters, or what cue points with their labels say of the same.
    pub(super) fn chapters_or_cue_points(&self) -> Vec<Chapter> {
        if !self.chapters.is_empty() {
            return self.chapters.clone();
        }
        let Some(rate_hz) = self.sample_rate_hz else {
            return Vec::new();
        };
        let points = super::positions::cue_points(&self.chunks);
        let to_ms = |frames: u64| (frames * 1000 + u64::from(rate_hz) / 2) / u64::from(rate_hz);
        let mut chapters: Vec<Chapter> = points
            .into_iter()
            .enumerate()
            .map(|(index, point)| Chapter {
                start_ms: to_ms(point.at),
                end_ms: None,
                title: point
                    .label
                    .unwrap_or_else(|| format!("Marker {}", index + 1)),
            })
            .collect();
        chapters.sort_by_key(|chapter| chapter.start_ms);
        chapters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected_chapters(chapters: &[Chapter]) -> Tags {
        Tags {
            chapters: chapters.to_vec(),
            ..Tags::default()
        }
    }

    #[test]
    fn a_chapter_of_comments_comes_back_as_the_same() {
        let chapter = |start_ms, title: &str| Chapter {
            start_ms,
            end_ms: None,
            title: title.to_owned(),
        };
        let chapters = vec![chapter(0, "One"), chapter(3_723_004, "Two = 2")];
        let mut collected = Collected::default();
        for comment in comments(&chapters) {
            let (name, value) = comment.split_once('=').unwrap();
            collected.comment(name, value);
        }
        let for_ffmpeg = collected_chapters(&chapters).chapters_for_ffmpeg(4_000_000);
        let for_ffmpeg = for_ffmpeg.unwrap();
        for part in [
            "START=0\nEND=3723004\ntitle=One\n",
            "END=4000000\ntitle=Two \\= 2\n",
        ] {
            assert!(for_ffmpeg.contains(part), "{for_ffmpeg}");
        }
        collected.comment("CHAPTERHOUSE", "Dune");
        collected.chapters_from_comments();
        assert_eq!(collected.tags.chapters, chapters);
        assert_eq!(collected.tags.text("CHAPTERHOUSE"), Some("Dune"));
    }
}
