//! Passages that are not the song: applause, talk, noise, an intro in another sound, a hidden
//! track. Each is as loud as the song and takes a third of the file, silence not counted; the
//! song's own part is compared with mastering the song alone.

use acetate_dsp::Audio;
use acetate_dsp::process::resample::Resampled;
use acetate_dsp::read_all;
use acetate_dsp::stream::AudioSource;
use acetate_dsp::units::gain_from_db;
use acetate_model::NetPredictor;
use acetate_model::features::BANDS;
use serde::Serialize;

mod sounds;

use self::sounds::{applause, talk, within};
use crate::eval::EvalError;
use crate::eval::case::{Excerpt, Written, measured, with_headroom, written};
use crate::eval::methods::Method;
use crate::eval::metric::{Sound, is_judged};
use crate::rng::Rng;

/// Share of the song's length that a passage has: a third of song and passage together.
const LENGTH_SHARE: f64 = 0.5;
/// Silence in front of a hidden track, seconds.
const HIDDEN_SILENCE_S: f64 = 10.0;
/// Fades at a passage's ends, so that joining it makes no click, seconds.
const FADE_S: f64 = 0.01;
/// Band of applause, Hz.
const APPLAUSE_HZ: [f64; 2] = [300.0, 9_000.0];
/// Band of an intro in another sound, Hz.
const INTRO_HZ: [f64; 2] = [300.0, 3_000.0];

/// A passage that is not the song.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passage {
    /// Applause behind the song.
    Applause,
    /// A voice in front of it.
    Talk,
    /// Steady white noise behind it.
    Noise,
    /// Its own first seconds through a telephone's band, in front of it.
    Intro,
    /// Another song behind it and 10 s of silence.
    HiddenTrack,
}

impl Passage {
    /// Every passage, in the order of the table.
    pub const ALL: [Self; 5] = [
        Self::Applause,
        Self::Talk,
        Self::Noise,
        Self::Intro,
        Self::HiddenTrack,
    ];

    /// The passage's name in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::Applause => "applause behind the song",
            Self::Talk => "talk in front of it",
            Self::Noise => "steady noise behind it",
            Self::Intro => "an intro of 300 Hz to 3 kHz",
            Self::HiddenTrack => "a hidden track behind silence",
        }
    }

    /// The passage for a song, not yet at its level; `None` for a hidden track without another
    /// song.
    fn audio(self, song: &Audio, other: Option<&Audio>, rng: &mut Rng) -> Option<Audio> {
        let frames = (LENGTH_SHARE * song.frames() as f64) as usize;
        let mut blank = Audio::silence(song.sample_rate_hz(), song.channel_count(), frames);
        match self {
            Self::Applause => {
                blank.channels_mut().for_each(|channel| {
                    applause(channel, f64::from(song.sample_rate_hz()), rng);
                });
                Some(within(&blank, APPLAUSE_HZ))
            }
            Self::Talk => {
                let rate = f64::from(song.sample_rate_hz());
                let voice = talk(frames, rate, rng);
                for channel in blank.channels_mut() {
                    channel.copy_from_slice(&voice);
                }
                Some(blank)
            }
            Self::Noise => {
                for sample in blank.channels_mut().flatten() {
                    *sample = rng.normal() as f32;
                }
                Some(blank)
            }
            Self::Intro => Some(within(&song.slice(0, frames), INTRO_HZ)),
            Self::HiddenTrack => {
                let other = other?;
                (other.frames() >= frames).then(|| other.slice(0, frames))
            }
        }
    }

    /// The song with the passage, and where the song begins, frames.
    fn joined(self, song: &Audio, passage: Audio) -> (Audio, usize) {
        match self {
            Self::Talk | Self::Intro => {
                let start = passage.frames();
                let mut file = passage;
                file.append(song);
                (file, start)
            }
            Self::Applause | Self::Noise | Self::HiddenTrack => {
                let mut file = song.clone();
                if self == Self::HiddenTrack {
                    let silence = HIDDEN_SILENCE_S * f64::from(song.sample_rate_hz());
                    file.set_frames(file.frames() + silence as usize);
                }
                file.append(&passage);
                (file, 0)
            }
        }
    }
}

/// How the song's own part differs from the song mastered alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Movement {
    /// What stood beside the song.
    pub passage: Passage,
    /// Largest difference of any third octave of mid after a loudness match, dB.
    pub mid_db: f64,
    /// Of side; `None` for mono.
    pub side_db: Option<f64>,
    /// Difference of the width, dB; `None` for mono.
    pub width_db: Option<f64>,
    /// Difference of the loudness range, LU.
    pub lra_lu: f64,
}

/// Masters the excerpt by the net alone and with every passage. `other` is a stretch of another
/// song at any rate. Passages that cannot be had are left out.
///
/// # Errors
/// [`EvalError`] when a signal cannot be measured. `Ok` is empty where the pipeline makes no master
/// of the song alone.
pub fn movements(
    excerpt: &Excerpt,
    other: Option<&Audio>,
    net: &NetPredictor,
    rng: &mut Rng,
) -> Result<Vec<Movement>, EvalError> {
    let song = &excerpt.audio;
    let Some(alone) = mastered(song, net)? else {
        return Ok(Vec::new());
    };
    let alone = Sound::of(&measured(&alone.audio)?);
    let other = other.and_then(|other| like(other, song));
    let mut found = Vec::new();
    for passage in Passage::ALL {
        let Some(audio) = passage.audio(song, other.as_ref(), rng) else {
            continue;
        };
        let Some(audio) = as_loud_as(audio, excerpt.sound.integrated_lufs)? else {
            continue;
        };
        let (file, start) = passage.joined(song, audio);
        let Some(master) = mastered(&file, net)? else {
            continue;
        };
        let part = master.audio.slice(start, start + song.frames());
        let part = Sound::of(&measured(&part)?);
        found.push(movement(passage, &excerpt.sound, &alone, &part));
    }
    Ok(found)
}

fn mastered(mix: &Audio, net: &NetPredictor) -> Result<Option<Written>, EvalError> {
    let mix = with_headroom(mix.clone());
    let analysis = measured(&mix)?;
    Ok(written(&mix, &analysis, net, &Method::Net.brief())?.ok())
}

fn movement(passage: Passage, master: &Sound, alone: &Sound, part: &Sound) -> Movement {
    let largest = |judged: &[f64; BANDS], alone: &[f64; BANDS], part: &[f64; BANDS]| {
        (0..BANDS)
            .filter(|&band| is_judged(judged[band]))
            .map(|band| (part[band] - alone[band]).abs())
            .fold(0.0, f64::max)
    };
    let side = master.side_db.zip(alone.side_db).zip(part.side_db);
    let width = alone.width_db.zip(part.width_db);
    Movement {
        passage,
        mid_db: largest(&master.mid_db, &alone.mid_db, &part.mid_db),
        side_db: side.map(|((judged, alone), part)| largest(&judged, &alone, &part)),
        width_db: width
            .map(|(alone, part)| (part - alone).abs())
            .filter(|difference| difference.is_finite()),
        lra_lu: (part.loudness_range_lu - alone.loudness_range_lu).abs(),
    }
}

/// Another song at the rate and with the channels of this one; `None` at a rate that cannot be
/// converted.
fn like(other: &Audio, song: &Audio) -> Option<Audio> {
    let rate_hz = song.sample_rate_hz();
    let channels: Vec<Vec<f32>> = (0..song.channel_count())
        .map(|channel| {
            let index = channel.min(other.channel_count() - 1);
            other.channel(index).to_vec()
        })
        .collect();
    let audio = Audio::new(other.sample_rate_hz(), channels).ok()?;
    if other.sample_rate_hz() == rate_hz {
        return Some(audio);
    }
    let mut resampled = Resampled::new(AudioSource::new(audio), rate_hz).ok()?;
    read_all(&mut resampled).ok()
}

/// Brought to a loudness and faded at both ends; `None` for silence.
fn as_loud_as(mut passage: Audio, lufs: f64) -> Result<Option<Audio>, EvalError> {
    let own_lufs = measured(&passage)?.integrated_lufs;
    if !own_lufs.is_finite() {
        return Ok(None);
    }
    passage.scale(gain_from_db(lufs - own_lufs) as f32);
    let fade = (FADE_S * f64::from(passage.sample_rate_hz())) as usize;
    let frames = passage.frames();
    for channel in passage.channels_mut() {
        for step in 0..fade.min(frames) {
            let gain = step as f32 / fade as f32;
            channel[step] *= gain;
            channel[frames - 1 - step] *= gain;
        }
    }
    Ok(Some(passage))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_signal::music;

    #[test]
    fn every_passage_is_as_loud_as_the_song_and_a_third_of_both() {
        let song = music(12.0);
        let lufs = measured(&song).unwrap().integrated_lufs;
        let mut other = song.clone();
        other.channels_mut().for_each(<[f32]>::reverse);
        for passage in Passage::ALL {
            let mut rng = Rng::new(8);
            let audio = passage.audio(&song, Some(&other), &mut rng).unwrap();
            let audio = as_loud_as(audio, lufs).unwrap().unwrap();
            assert_eq!(audio.frames(), song.frames() / 2);
            assert!(audio.channels().iter().flatten().all(|x| x.is_finite()));
            let off = measured(&audio).unwrap().integrated_lufs - lufs;
            assert!(off.abs() < 0.3, "{passage:?}: {off}");
            let (file, start) = passage.joined(&song, audio);
            assert_eq!(file.slice(start, start + song.frames()), song);
            let silence = if passage == Passage::HiddenTrack {
                441_000
            } else {
                0
            };
            assert_eq!(file.frames(), song.frames() * 3 / 2 + silence);
        }
        let alone = Passage::HiddenTrack.audio(&song, None, &mut Rng::new(8));
        assert_eq!(alone, None);
    }

    #[test]
    fn passages_sound_as_they_are_called() {
        let song = music(12.0);
        let sound = |passage: Passage| {
            let audio = passage.audio(&song, None, &mut Rng::new(8)).unwrap();
            Sound::of(&measured(&audio).unwrap())
        };
        // Third octaves from 39 Hz: 40 Hz, 315 Hz, 1 kHz, 12.5 kHz.
        let [low, edge, middle, high] = [0, 9, 14, 25];
        for passage in [Passage::Applause, Passage::Intro, Passage::Talk] {
            let mid = sound(passage).mid_db;
            assert!(mid[middle] > mid[low] + 15.0, "{passage:?}: {mid:?}");
            assert!(mid[middle] > mid[high] + 5.0, "{passage:?}: {mid:?}");
            assert!(mid[edge] > mid[low] + 15.0, "{passage:?}: {mid:?}");
        }
        // A band of white noise grows by 1 dB a third octave.
        let mid = sound(Passage::Noise).mid_db;
        let slope = (mid[high] - mid[edge]) / 16.0;
        assert!((slope - 1.0).abs() < 0.1, "{slope}");
    }

    #[test]
    fn what_does_not_move_has_no_movement_and_one_band_is_enough() {
        let song = Sound::of(&measured(&music(6.0)).unwrap());
        let still = movement(Passage::Noise, &song, &song, &song);
        assert_eq!((still.mid_db, still.side_db), (0.0, Some(0.0)));
        assert_eq!((still.width_db, still.lra_lu), (Some(0.0), 0.0));
        let mut moved = song.clone();
        moved.mid_db[5] -= 0.7;
        moved.loudness_range_lu += 0.4;
        let found = movement(Passage::Noise, &song, &song, &moved);
        assert!((found.mid_db - 0.7).abs() < 1e-9 && (found.lra_lu - 0.4).abs() < 1e-9);
    }
}
