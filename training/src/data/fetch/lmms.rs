//! An LMMS project's text, edited for a render: quiet enough not to clip, and where that is asked
//! for with the effects of the master channel switched off.
//!
//! The format is LMMS 1.2's XML. In `fxmixer` (`FxMixer::saveSettings`) there is one `fxchannel`
//! for each channel, with `num`, 0 the master, and `volume`, a gain that comes after the channel's
//! effects; each has one `fxchain` whose `enabled` is 0 or 1. The file's samples clip at full scale
//! even where they are floating point, so that a project without its limiter could not be rendered
//! as it is.
//!
//! Only the values of these attributes change; the rest of the text stays as it is.

use std::ops::Range;

use super::RenderError;

/// The gain of the master channel is divided by this before rendering (48 dB); it costs nothing in
/// floating point.
const HEADROOM: f64 = 256.0;

/// A project ready to be rendered.
#[derive(Debug, PartialEq)]
pub(super) struct Prepared {
    /// Its text.
    pub(super) text: String,
    /// Gain that brings its render to the level that the author set.
    pub(super) restoring_gain: f64,
}

/// Lowers the gain of mixer channel 0, and unless `master_effects` switches its effect chain off.
///
/// # Errors
/// [`RenderError::Project`] where the text has no such gain (it is elsewhere where it is
/// automated), or no such chain that is on: the pair would be of a song with itself.
pub(super) fn prepare(project: &str, master_effects: bool) -> Result<Prepared, RenderError> {
    let refused = |expected, found| RenderError::Project { expected, found };
    let volume =
        master_volume(project).ok_or_else(|| refused("a volume of mixer channel 0", "none"))?;
    let gain = project[volume.clone()].parse::<f64>();
    let gain = gain
        .ok()
        .filter(|gain| *gain > 0.0 && gain.is_finite())
        .ok_or_else(|| refused("a volume of mixer channel 0 above 0", "another"))?;
    let mut edits = vec![(volume, (gain / HEADROOM).to_string())];
    if !master_effects {
        let enabled = master_chain_enabled(project)
            .map_err(|found| refused("an effect chain of mixer channel 0 that is on", found))?;
        edits.push((enabled, "0".to_owned()));
    }
    // The last first, so that the earlier places stay where they are.
    edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut text = project.to_owned();
    for (place, value) in edits {
        text.replace_range(place, &value);
    }
    Ok(Prepared {
        text,
        restoring_gain: HEADROOM,
    })
}

/// Where the value of the master channel's volume lies in the text.
fn master_volume(project: &str) -> Option<Range<usize>> {
    let tag = start_tags(project).find(|tag| is_master(&project[tag.clone()]))?;
    let value = attribute(&project[tag.clone()], "volume")?;
    Some(tag.start + value.start..tag.start + value.end)
}

fn is_master(tag: &str) -> bool {
    name(tag) == "fxchannel" && attribute(tag, "num").is_some_and(|value| &tag[value] == "0")
}

/// Where the value of the master chain's `enabled` lies in the text; it is `1`.
fn master_chain_enabled(project: &str) -> Result<Range<usize>, &'static str> {
    let mut in_master = false;
    for tag in start_tags(project) {
        let text = &project[tag.clone()];
        match name(text) {
            "fxchannel" => in_master = is_master(text),
            "fxchain" if in_master => {
                let value = attribute(text, "enabled").ok_or("one that does not say")?;
                return match &text[value.clone()] {
                    "1" => Ok(tag.start + value.start..tag.start + value.end),
                    _ => Err("one that is off"),
                };
            }
            _ => {}
        }
    }
    Err("none")
}

/// The inside of every start tag, without its brackets. A `>` in a quoted value ends no tag;
/// comments, CDATA sections and declarations are passed over.
fn start_tags(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let open = at + text.get(at..)?.find('<')? + 1;
            let rest = text.get(open..)?;
            let skipped = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")];
            if let Some((_, end)) = skipped.iter().find(|(start, _)| rest.starts_with(start)) {
                at = open + rest.find(end)? + end.len();
                continue;
            }
            let close = open + tag_length(rest)?;
            at = close + 1;
            if !rest.starts_with(['/', '!']) {
                return Some(open..close);
            }
        }
    })
}

/// Length of a tag's inside up to its `>`.
fn tag_length(rest: &str) -> Option<usize> {
    let mut quote = None;
    rest.char_indices().find_map(|(index, c)| {
        match (quote, c) {
            (None, '>') => return Some(index),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
        None
    })
}

fn name(tag: &str) -> &str {
    tag.split([' ', '\t', '\r', '\n', '/'])
        .next()
        .unwrap_or_default()
}

/// Where the value of an attribute lies in a tag's inside, without its quotes.
fn attribute(tag: &str, wanted: &str) -> Option<Range<usize>> {
    let mut at = name(tag).len();
    loop {
        let equals = at + tag.get(at..)?.find('=')?;
        let key = tag.get(at..equals)?.trim();
        let after = tag.get(equals + 1..)?;
        let value = after.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let start = equals + 1 + (after.len() - value.len()) + 1;
        let end = start + tag.get(start..)?.find(quote)?;
        if key == wanted {
            return Some(start..end);
        }
        at = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = r#"<?xml version="1.0"?>
<!DOCTYPE lmms-project>
<lmms-project>
 <head bpm="120" mastervol="41"/>
 <!-- <fxchannel num="0"><fxchain enabled="1"/></fxchannel> -->
 <track name="a > b"><fxchain enabled="1" numofeffects="2"/></track>
 <fxmixer>
  <fxchannel num="1" name="FX 1"><fxchain enabled="1"/></fxchannel>
  <fxchannel soloed="0" name='num="3"' num = "0" volume="1.6">
   <fxchain numofeffects="1" enabled="1"><effect on="1"/></fxchain>
  </fxchannel>
  <fxchannel num="2"><fxchain enabled="1"/></fxchannel>
 </fxmixer>
</lmms-project>"#;

    #[test]
    fn only_master_volume_and_master_chain_change() {
        let quieter = PROJECT.replace(r#"volume="1.6""#, r#"volume="0.00625""#);
        let prepared = prepare(PROJECT, true).expect("a project");
        assert_eq!(prepared.text, quieter);
        assert_eq!(prepared.restoring_gain, 256.0);
        let without = prepare(PROJECT, false).expect("a project");
        let chain = r#"<fxchain numofeffects="1" enabled="1">"#;
        assert_eq!(
            without.text,
            quieter.replace(chain, &chain.replace("enabled=\"1\"", "enabled=\"0\""))
        );
        assert_ne!(without.text, prepared.text);
    }

    #[test]
    fn a_project_that_cannot_be_edited_is_refused() {
        let chain = r#"numofeffects="1" enabled="1""#;
        for (from, to, found) in [
            (chain, r#"enabled="0""#, "one that is off"),
            (chain, "", "one that does not say"),
            (r#"num = "0""#, r#"num="4""#, "none"),
            (r#"num = "0""#, r#"num=0"#, "none"),
            (r#" volume="1.6""#, "", "none"),
            (r#""1.6""#, r#""0""#, "another"),
            (r#""1.6""#, r#""-3""#, "another"),
            (r#""1.6""#, r#""NaN""#, "another"),
            (r#""1.6""#, r#""inf""#, "another"),
            ("<fxmixer", "<!-- <fxmixer", "none"),
        ] {
            assert!(PROJECT.contains(from), "{from}");
            let text = PROJECT.replacen(from, to, 1);
            let error = prepare(&text, false).expect_err(&text);
            assert!(
                matches!(error, RenderError::Project { found: got, .. } if got == found),
                "{to}: {error}"
            );
        }
        prepare("", true).expect_err("no project");
    }
}
