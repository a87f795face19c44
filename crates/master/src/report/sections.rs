//! The parts of a song and their moves, in words.

use acetate_dsp::process::sections::CHANGE_S;
use acetate_dsp::settings::Section;
use acetate_dsp::units::clock;

/// A part and what it is moved by: `B at 1:01 by +0.60 dB`; `None` where by nothing.
fn moved(section: &Section) -> Option<String> {
    let changes = changes(section)?;
    let at = clock(section.start_s, 0);
    Some(format!("{} at {at} by {changes}", section.letter))
}

/// What a part is moved by: `+0.60 dB, -0.40 dB of side`; `None` where by nothing.
pub fn changes(section: &Section) -> Option<String> {
    let level = format!("{:+.2} dB", section.level_db);
    let side = format!("{:+.2} dB of side", section.side_db);
    match (section.level_db != 0.0, section.side_db != 0.0) {
        (true, true) => Some(format!("{level}, {side}")),
        (true, false) => Some(level),
        (false, true) => Some(side),
        (false, false) => None,
    }
}

/// All parts with what is done to each: `A 0:00; B 0:19: +0.60 dB (changed over 2 s)`.
pub fn listed(sections: &[Section]) -> String {
    let parts = sections.iter().map(|section| {
        let name = format!("{} {}", section.letter, clock(section.start_s, 0));
        changes(section).map_or(name.clone(), |changes| format!("{name}: {changes}"))
    });
    let parts: Vec<String> = parts.collect();
    format!("{} (changed over {CHANGE_S} s)", parts.join("; "))
}

/// Which parts there are, and which are moved; nothing without parts.
pub(crate) fn sentences(sections: &[Section]) -> Vec<String> {
    if sections.is_empty() {
        return Vec::new();
    }
    let names = sections
        .iter()
        .map(|section| format!("{} {}", section.letter, clock(section.start_s, 0)));
    let names: Vec<String> = names.collect();
    let moved: Vec<String> = sections.iter().filter_map(moved).collect();
    let what = if moved.is_empty() {
        "no part stands out from those that sound like it".to_owned()
    } else {
        format!(
            "moved parts toward those that sound like them: {}",
            moved.join("; ")
        )
    };
    vec![format!("found the parts {}", names.join(", ")), what]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_listed_and_moves_told_with_their_place_and_size() {
        let part = |start_s, letter, level_db, side_db| Section {
            start_s,
            end_s: start_s + 10.0,
            letter,
            level_db,
            side_db,
        };
        let sections = [
            part(0.0, 'A', 0.0, 0.0),
            part(61.0, 'B', 0.6, -0.4),
            part(80.0, 'A', 0.0, 1.0),
        ];
        assert_eq!(
            sentences(&sections),
            [
                "found the parts A 0:00, B 1:01, A 1:20",
                "moved parts toward those that sound like them: B at 1:01 by +0.60 dB, -0.40 dB of side; \
                 A at 1:20 by +1.00 dB of side"
            ]
        );
        assert!(sentences(&sections[..1])[1].starts_with("no part stands out"));
        assert!(sentences(&[]).is_empty());
    }
}
