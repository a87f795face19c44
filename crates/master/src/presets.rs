//! Targets by name: platforms as they publish them, and characters.

use acetate_dsp::settings::Target;

/// A named target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Name on the command line.
    pub name: &'static str,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// Highest true peak, dBTP.
    pub true_peak_dbtp: f64,
    /// It ends up lossy: no codec may drive the master over full scale.
    pub codec_safe: bool,
    /// What it is for, one line.
    pub help: &'static str,
}

/// Every named target. Platform figures as published by the platforms and AES TD1008 (2021).
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "streaming",
        integrated_lufs: -14.0,
        true_peak_dbtp: -1.0,
        codec_safe: false,
        help: "the default: what most platforms normalize to",
    },
    Preset {
        name: "spotify",
        integrated_lufs: -14.0,
        true_peak_dbtp: -1.0,
        codec_safe: true,
        help: "Spotify, normal loudness",
    },
    Preset {
        name: "apple",
        integrated_lufs: -16.0,
        true_peak_dbtp: -1.0,
        codec_safe: true,
        help: "Apple Music, Sound Check",
    },
    Preset {
        name: "youtube",
        integrated_lufs: -14.0,
        true_peak_dbtp: -1.0,
        codec_safe: true,
        help: "YouTube: turned down above, never up",
    },
    Preset {
        name: "tidal",
        integrated_lufs: -14.0,
        true_peak_dbtp: -1.0,
        codec_safe: true,
        help: "Tidal, by album",
    },
    Preset {
        name: "amazon",
        integrated_lufs: -14.0,
        true_peak_dbtp: -2.0,
        codec_safe: true,
        help: "Amazon Music",
    },
    Preset {
        name: "deezer",
        integrated_lufs: -15.0,
        true_peak_dbtp: -1.0,
        codec_safe: true,
        help: "Deezer",
    },
    Preset {
        name: "aes",
        integrated_lufs: -16.0,
        true_peak_dbtp: -1.0,
        codec_safe: false,
        help: "AES TD1008 for music",
    },
    Preset {
        name: "podcast",
        integrated_lufs: -16.0,
        true_peak_dbtp: -1.0,
        codec_safe: false,
        help: "speech and podcasts",
    },
    Preset {
        name: "broadcast",
        integrated_lufs: -23.0,
        true_peak_dbtp: -1.0,
        codec_safe: false,
        help: "EBU R 128",
    },
    Preset {
        name: "dynamic",
        integrated_lufs: -16.0,
        true_peak_dbtp: -1.0,
        codec_safe: false,
        help: "headroom for peaks before loudness",
    },
    Preset {
        name: "loud",
        integrated_lufs: -11.0,
        true_peak_dbtp: -2.0,
        codec_safe: true,
        help: "loud, with room for lossy encoding",
    },
    Preset {
        name: "club",
        integrated_lufs: -9.0,
        true_peak_dbtp: -1.0,
        codec_safe: false,
        help: "played lossless from a system of its own",
    },
];

/// Finds a preset by name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// The target, with the default bound on limiting.
    pub fn target(&self) -> Target {
        Target {
            integrated_lufs: self.integrated_lufs,
            true_peak_dbtp: self.true_peak_dbtp,
            ..Target::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::Settings;

    #[test]
    fn every_preset_is_a_valid_target_and_the_first_is_the_default() {
        for preset in PRESETS {
            let settings = Settings {
                target: preset.target(),
                ..Settings::default()
            };
            settings.validate().unwrap();
            assert_eq!(find(preset.name), Some(preset));
        }
        assert_eq!(PRESETS[0].target(), Target::default());
    }
}
