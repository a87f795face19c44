//! More than two channels as stereo, by ITU-R BS.775-4, Table 2: center and surrounds at -3 dB, a single
//! surround at -6 dB on either side, and without the channel for low-frequency effects.
//!
//! The sums may pass full scale, which floating point holds; nothing is scaled down or clipped.

use std::f64::consts::FRAC_1_SQRT_2;

/// What each channel gives to the left and the right.
type Gains = [f64; 2];

/// The whole of a side.
const LEFT: Gains = [1.0, 0.0];
const RIGHT: Gains = [0.0, 1.0];
/// At -3 dB.
const CENTER: Gains = [FRAC_1_SQRT_2, FRAC_1_SQRT_2];
const SURROUND_LEFT: Gains = [FRAC_1_SQRT_2, 0.0];
const SURROUND_RIGHT: Gains = [0.0, FRAC_1_SQRT_2];
/// At -6 dB on either side.
const SURROUND: Gains = [0.5, 0.5];
const NOTHING: Gains = [0.0, 0.0];

/// Channels by ffmpeg's names of them. Those above the listener count as surrounds.
const CHANNELS: &[(&str, Gains)] = &[
    ("FL", LEFT),
    ("FR", RIGHT),
    ("FC", CENTER),
    ("LFE", NOTHING),
    ("LFE2", NOTHING),
    ("BL", SURROUND_LEFT),
    ("BR", SURROUND_RIGHT),
    ("SL", SURROUND_LEFT),
    ("SR", SURROUND_RIGHT),
    ("BC", SURROUND),
    ("FLC", LEFT),
    ("FRC", RIGHT),
    ("WL", LEFT),
    ("WR", RIGHT),
    ("TFL", SURROUND_LEFT),
    ("TFR", SURROUND_RIGHT),
    ("TBL", SURROUND_LEFT),
    ("TBR", SURROUND_RIGHT),
    ("TSL", SURROUND_LEFT),
    ("TSR", SURROUND_RIGHT),
    ("TFC", SURROUND),
    ("TBC", SURROUND),
    ("TC", SURROUND),
    ("DL", LEFT),
    ("DR", RIGHT),
];

/// Layouts by ffmpeg's names of them, each with its channels in their order.
const LAYOUTS: &[(&str, &str)] = &[
    ("2.1", "FL+FR+LFE"),
    ("3.0", "FL+FR+FC"),
    ("3.0(back)", "FL+FR+BC"),
    ("4.0", "FL+FR+FC+BC"),
    ("quad", "FL+FR+BL+BR"),
    ("quad(side)", "FL+FR+SL+SR"),
    ("3.1", "FL+FR+FC+LFE"),
    ("5.0", "FL+FR+FC+BL+BR"),
    ("5.0(side)", "FL+FR+FC+SL+SR"),
    ("4.1", "FL+FR+FC+LFE+BC"),
    ("5.1", "FL+FR+FC+LFE+BL+BR"),
    ("5.1(side)", "FL+FR+FC+LFE+SL+SR"),
    ("6.0", "FL+FR+FC+BC+SL+SR"),
    ("6.0(front)", "FL+FR+FLC+FRC+SL+SR"),
    ("hexagonal", "FL+FR+FC+BL+BR+BC"),
    ("6.1", "FL+FR+FC+LFE+BC+SL+SR"),
    ("6.1(back)", "FL+FR+FC+LFE+BL+BR+BC"),
    ("6.1(front)", "FL+FR+LFE+FLC+FRC+SL+SR"),
    ("7.0", "FL+FR+FC+BL+BR+SL+SR"),
    ("7.0(front)", "FL+FR+FC+FLC+FRC+SL+SR"),
    ("7.1", "FL+FR+FC+LFE+BL+BR+SL+SR"),
    ("7.1(wide)", "FL+FR+FC+LFE+BL+BR+FLC+FRC"),
    ("7.1(wide-side)", "FL+FR+FC+LFE+FLC+FRC+SL+SR"),
    ("7.1(top)", "FL+FR+FC+LFE+BL+BR+TFL+TFR"),
    ("octagonal", "FL+FR+FC+BL+BR+BC+SL+SR"),
    ("cube", "FL+FR+BL+BR+TFL+TFR+TBL+TBR"),
];

/// How the channels of one layout become two.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Downmix {
    gains: Vec<Gains>,
    /// One clause that says what is done.
    pub text: String,
}

impl Downmix {
    /// For so many channels in the layout of this name; six or eight without one count as 5.1 or 7.1.
    /// `None` where nothing says which channel is which.
    pub(crate) fn of(layout: Option<&str>, channels: usize) -> Option<Self> {
        let (name, is_assumed) = match (layout, channels) {
            (Some(name), _) => (name, false),
            (None, 6) => ("5.1", true),
            (None, 8) => ("7.1", true),
            (None, _) => return None,
        };
        let order = match LAYOUTS.iter().find(|(known, _)| *known == name) {
            Some((_, order)) => order,
            // "5 channels (FL+FR+FC+SL+SR)"
            None => name.split_once('(')?.1.strip_suffix(')')?,
        };
        let gains: Option<Vec<Gains>> = order.split('+').map(gains_of).collect();
        let gains = gains.filter(|gains| gains.len() == channels)?;
        let assumed = if is_assumed {
            format!(
                " (the file does not say which channel is which: {channels} were taken as {name})"
            )
        } else {
            String::new()
        };
        let without = if order.contains("LFE") {
            ", without the low-frequency effects"
        } else {
            ""
        };
        Some(Self {
            gains,
            text: format!(
                "{channels} channels ({name}) were mixed down to stereo by ITU-R BS.775, center and surrounds at \
                 -3 dB{without}{assumed}"
            ),
        })
    }

    /// One frame, a sample per channel, as left and right.
    pub(crate) fn frame(&self, samples: impl Iterator<Item = f32>) -> [f32; 2] {
        let mut sums = [0.0, 0.0];
        for (sample, gains) in samples.zip(&self.gains) {
            // A channel that is left out stays out even where it holds no number.
            for (sum, gain) in sums.iter_mut().zip(gains).filter(|(_, gain)| **gain > 0.0) {
                *sum += gain * f64::from(sample);
            }
        }
        sums.map(|sum| sum as f32)
    }
}

fn gains_of(channel: &str) -> Option<Gains> {
    let found = CHANNELS.iter().find(|(name, _)| *name == channel);
    found.map(|(_, gains)| *gains)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_one(downmix: &Downmix, channel: usize) -> [f32; 2] {
        let samples = (0..downmix.gains.len()).map(|at| if at == channel { 1.0 } else { 0.0 });
        downmix.frame(samples)
    }

    #[test]
    fn five_point_one_becomes_stereo_by_the_table() {
        let third = FRAC_1_SQRT_2 as f32;
        for (layout, is_assumed) in [
            (Some("5.1"), false),
            (Some("5.1(side)"), false),
            (None, true),
        ] {
            let downmix = Downmix::of(layout, 6).unwrap();
            let expected = [
                [1.0, 0.0],
                [0.0, 1.0],
                [third, third],
                [0.0, 0.0],
                [third, 0.0],
                [0.0, third],
            ];
            for (channel, expected) in expected.into_iter().enumerate() {
                assert_eq!(of_one(&downmix, channel), expected, "{layout:?} {channel}");
            }
            assert_eq!(downmix.text.contains("does not say"), is_assumed);
            assert!(downmix.text.contains("without the low-frequency"));
        }
    }

    #[test]
    fn a_single_surround_and_seven_point_one_keep_both_sides_alike() {
        let four = Downmix::of(Some("4.0"), 4).unwrap();
        assert_eq!(of_one(&four, 3), [0.5, 0.5]);
        assert!(!four.text.contains("low-frequency"));
        let eight = Downmix::of(Some("7.1"), 8).unwrap();
        let sides = [of_one(&eight, 6), of_one(&eight, 7)];
        assert_eq!(sides[0][0], sides[1][1]);
    }

    #[test]
    fn sums_beyond_full_scale_are_kept_as_they_are() {
        let downmix = Downmix::of(Some("5.1"), 6).unwrap();
        let [left, right] = downmix.frame([1.0; 6].into_iter());
        let expected = (1.0 + 2.0 * FRAC_1_SQRT_2) as f32;
        assert_eq!([left, right], [expected; 2]);
    }

    #[test]
    fn channels_that_nothing_names_are_not_guessed() {
        for (layout, channels) in [
            (None, 3),
            (None, 5),
            (None, 12),
            (Some("5.1"), 8),
            (Some("ambisonic 1"), 4),
        ] {
            assert_eq!(Downmix::of(layout, channels), None, "{layout:?} {channels}");
        }
        let named = Downmix::of(Some("3 channels (FL+FR+BC)"), 3).unwrap();
        assert_eq!(of_one(&named, 2), [0.5, 0.5]);
    }

    #[test]
    fn every_layout_has_channels_that_are_known() {
        for (name, order) in LAYOUTS {
            let channels = order.split('+').count();
            assert!(Downmix::of(Some(name), channels).is_some(), "{name}");
        }
    }
}
