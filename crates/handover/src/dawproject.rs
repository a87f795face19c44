//! The chain as a DAWproject file: open XML in a zip, with generic devices that stay editable in
//! Bitwig Studio, Studio One, Cubase and others. The sound lies beside the project and is referred to.
//!
//! Written after `Project.xsd` and `MetaData.xsd` of DAWproject 1.0. The format has no words for
//! knee, sidechain filter, mix, saturation, width per band, look-ahead or hold: the sheet has them.

use std::fmt::Write as _;
use std::io::{Seek, Write};

use acetate_dsp::settings::Settings;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::error::HandoverError;
use crate::html::escape;
use crate::parametric::{Parametric, Shape};

/// Entries of the archive that this file names.
const PROJECT: &str = "project.xml";
const METADATA: &str = "metadata.xml";
/// A tempo has to be named, beats a minute; it has no meaning here.
const TEMPO_BPM: f64 = 120.0;

/// A sound file beside the project.
#[derive(Clone, Debug)]
pub struct Clip {
    /// Name of its track.
    pub track: String,
    /// Path relative to the project's file.
    pub path: String,
    /// Length, seconds.
    pub duration_s: f64,
    /// Sample rate, Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: usize,
    /// Gain of its track, dB.
    pub gain_db: f64,
}

/// A moment of the song with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Where it is, seconds.
    pub time_s: f64,
    /// What is there.
    pub name: String,
}

/// What the project is made from.
pub struct Project<'a> {
    /// Title of the song.
    pub title: &'a str,
    /// Artist, where it is known.
    pub artist: Option<&'a str>,
    /// Version of this software.
    pub version: &'a str,
    /// The settings that were rendered.
    pub settings: &'a Settings,
    /// The EQ in bands.
    pub eq: &'a Parametric,
    /// Loudness of the mix, LUFS: the compressor's threshold is relative to it.
    pub program_lufs: f64,
    /// Ceiling of the limiter, dBTP.
    pub ceiling_dbtp: f64,
    /// The mix; its track carries the devices.
    pub mix: Clip,
    /// The master beside it, muted.
    pub master: Clip,
    /// What was found in the mix, in the order of time.
    pub markers: &'a [Marker],
}

/// `project.xml`.
pub fn project_xml(project: &Project<'_>) -> String {
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Project version=\"1.0\">\n");
    let _ = writeln!(
        xml,
        r#"  <Application name="Acetate" version="{}"/>
  <Transport>
    <Tempo id="tempo" name="Tempo" unit="bpm" value="{TEMPO_BPM}" min="20" max="666"/>
    <TimeSignature id="meter" numerator="4" denominator="4"/>
  </Transport>
  <Structure>"#,
        escape(project.version)
    );
    track(&mut xml, "mix", &project.mix, Some(&devices(project)));
    track(&mut xml, "master", &project.master, None);
    xml.push_str(
        r#"    <Track contentType="tracks" id="out" name="Master bus">
      <Channel audioChannels="2" id="out-channel" role="master">
        <Volume id="out-volume" unit="linear" value="1" min="0" max="2"/>
      </Channel>
    </Track>
  </Structure>
  <Arrangement id="arrangement">
    <Lanes id="lanes" timeUnit="seconds">
"#,
    );
    for (id, clip) in [("mix", &project.mix), ("master", &project.master)] {
        let _ = writeln!(
            xml,
            r#"      <Lanes id="{id}-lanes" track="{id}">
        <Clips id="{id}-clips">
          <Clip name="{name}" time="0" duration="{length}" contentTimeUnit="seconds" playStart="0">
            <Audio id="{id}-audio" channels="{channels}" sampleRate="{rate}" duration="{length}">
              <File path="{path}" external="true"/>
            </Audio>
          </Clip>
        </Clips>
      </Lanes>"#,
            name = escape(&clip.track),
            length = clip.duration_s,
            channels = clip.channels,
            rate = clip.sample_rate_hz,
            path = escape(&clip.path),
        );
    }
    xml.push_str("    </Lanes>\n");
    markers(&mut xml, project.markers);
    xml.push_str("  </Arrangement>\n</Project>\n");
    xml
}

fn markers(xml: &mut String, markers: &[Marker]) {
    if markers.is_empty() {
        return;
    }
    xml.push_str("    <Markers id=\"markers\" timeUnit=\"seconds\">\n");
    for marker in markers {
        let _ = writeln!(
            xml,
            r#"      <Marker time="{:.3}" name="{}"/>"#,
            marker.time_s,
            escape(&marker.name)
        );
    }
    xml.push_str("    </Markers>\n");
}

/// A track; one without devices is muted.
fn track(xml: &mut String, id: &str, clip: &Clip, devices: Option<&str>) {
    let is_muted = devices.is_none();
    let devices = devices.unwrap_or_default();
    let gain = acetate_dsp::units::gain_from_db(clip.gain_db);
    let _ = writeln!(
        xml,
        r#"    <Track contentType="audio" id="{id}" loaded="true" name="{}">
      <Channel audioChannels="2" destination="out-channel" id="{id}-channel" role="regular">
{devices}        <Mute id="{id}-mute" name="Mute" value="{is_muted}"/>
        <Pan id="{id}-pan" unit="normalized" value="0.5" min="0" max="1"/>
        <Volume id="{id}-volume" unit="linear" value="{gain:.6}" min="0" max="2"/>
      </Channel>
    </Track>"#,
        escape(&clip.track),
    );
}

/// Equalizer, Compressor and Limiter with the settings of the chain, as far as the format goes.
fn devices(project: &Project<'_>) -> String {
    let mut xml = String::from("        <Devices>\n");
    let settings = project.settings;
    let real = |name: &str, unit: &str, value: f64| {
        format!(r#"<{name} unit="{unit}" value="{value:.4}"/>"#)
    };
    xml.push_str(
        r#"          <Equalizer deviceName="Equalizer" deviceRole="audioFX" id="eq" name="EQ">"#,
    );
    xml.push_str(r#"<Enabled value="true"/>"#);
    for band in &project.eq.bands {
        let kind = match band.shape {
            Shape::Bell => "bell",
            Shape::LowShelf => "lowShelf",
            Shape::HighShelf => "highShelf",
        };
        let _ = write!(
            xml,
            r#"<Band type="{kind}">{}{}{}<Enabled value="true"/></Band>"#,
            real("Freq", "hertz", band.freq_hz),
            real("Gain", "decibel", band.gain_db),
            real("Q", "linear", band.q),
        );
    }
    let _ = writeln!(
        xml,
        "{}</Equalizer>",
        real("OutputGain", "decibel", project.eq.gain_db)
    );
    let compressor = &settings.compressor;
    let is_in = compressor.ratio > 1.0 && compressor.mix > 0.0;
    let _ = writeln!(
        xml,
        r#"          <Compressor deviceName="Compressor" deviceRole="audioFX" id="compressor" name="Compressor"><Enabled value="{is_in}"/>{}<AutoMakeup value="false"/>{}{}{}</Compressor>"#,
        real("Attack", "seconds", compressor.attack_ms / 1000.0),
        real("Ratio", "linear", compressor.ratio),
        real("Release", "seconds", compressor.release_ms / 1000.0),
        real(
            "Threshold",
            "decibel",
            project.program_lufs + compressor.threshold_lu
        ),
    );
    let limiter = &settings.limiter;
    let _ = writeln!(
        xml,
        r#"          <Limiter deviceName="Limiter" deviceRole="audioFX" id="limiter" name="Limiter"><Enabled value="true"/>{}{}{}{}</Limiter>"#,
        real("Attack", "seconds", limiter.lookahead_ms / 1000.0),
        real("InputGain", "decibel", limiter.drive_db),
        real("Release", "seconds", limiter.release_ms / 1000.0),
        real("Threshold", "decibel", project.ceiling_dbtp),
    );
    xml.push_str("        </Devices>\n");
    xml
}

/// `metadata.xml`.
pub fn metadata_xml(project: &Project<'_>) -> String {
    let artist = project.artist.map_or_else(String::new, |artist| {
        format!("<Artist>{}</Artist>", escape(artist))
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MetaData><Title>{}</Title>{artist}<Comment>The settings of an Acetate master as generic devices; the sheet has what the format cannot say.</Comment></MetaData>\n",
        escape(project.title)
    )
}

/// Writes the whole archive: both texts.
///
/// # Errors
/// [`HandoverError::Archive`] when writing fails.
pub fn write_dawproject<W: Write + Seek>(
    out: W,
    project: &Project<'_>,
) -> Result<(), HandoverError> {
    let failed = |name: &str, found: String| HandoverError::Archive {
        name: name.to_owned(),
        found,
    };
    let mut zip = ZipWriter::new(out);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, text) in [
        (PROJECT, project_xml(project)),
        (METADATA, metadata_xml(project)),
    ] {
        zip.start_file(name, stored)
            .map_err(|error| failed(name, error.to_string()))?;
        zip.write_all(text.as_bytes())
            .map_err(|error| failed(name, error.to_string()))?;
    }
    zip.finish()
        .map_err(|error| failed(PROJECT, error.to_string()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    /// Children of each element in the order of `Project.xsd`, as far as they are written; `*` may
    /// repeat and mix.
    const SEQUENCES: [(&str, &[&str]); 15] = [
        (
            "Project",
            &["Application", "Transport", "Structure", "Arrangement"],
        ),
        ("Transport", &["Tempo", "TimeSignature"]),
        ("Structure", &["Track*"]),
        ("Track", &["Channel"]),
        ("Channel", &["Devices", "Mute", "Pan", "Volume"]),
        ("Devices", &["Equalizer", "Compressor", "Limiter"]),
        (
            "Equalizer",
            &["Enabled", "Band*", "InputGain", "OutputGain"],
        ),
        ("Band", &["Freq", "Gain", "Q", "Enabled"]),
        (
            "Compressor",
            &[
                "Enabled",
                "Attack",
                "AutoMakeup",
                "InputGain",
                "OutputGain",
                "Ratio",
                "Release",
                "Threshold",
            ],
        ),
        (
            "Limiter",
            &[
                "Enabled",
                "Attack",
                "InputGain",
                "OutputGain",
                "Release",
                "Threshold",
            ],
        ),
        ("Arrangement", &["Lanes", "Markers"]),
        ("Markers", &["Marker*"]),
        ("Lanes", &["Lanes*", "Clips"]),
        ("Clips", &["Clip"]),
        ("Clip", &["Audio"]),
    ];
    const UNITS: [&str; 6] = ["linear", "normalized", "decibel", "hertz", "seconds", "bpm"];

    fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
        let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        tag[start..].split('"').next()
    }

    /// Holds markup against the schema's order and references.
    fn check(xml: &str) {
        let mut open: Vec<(String, usize)> = Vec::new();
        let (mut ids, mut references) = (Vec::new(), Vec::new());
        for tag in xml.split('<').skip(2) {
            let tag = tag.split('>').next().unwrap();
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().unwrap().0, name);
                continue;
            }
            let name = tag.split([' ', '/']).next().unwrap();
            if let Some((parent, at)) = open.last_mut()
                && let Some((_, sequence)) = SEQUENCES.iter().find(|(p, _)| p == parent)
            {
                let found = sequence[*at..]
                    .iter()
                    .position(|s| s.trim_end_matches('*') == name);
                let step = found.unwrap_or_else(|| panic!("{name} in {parent} after {at}"));
                *at += step + usize::from(!sequence[*at + step].ends_with('*'));
            }
            ids.extend(attribute(tag, "id").map(str::to_owned));
            let pointers = ["track", "destination"].map(|name| attribute(tag, name));
            references.extend(pointers.into_iter().flatten().map(str::to_owned));
            if let Some(unit) = attribute(tag, "unit") {
                assert!(UNITS.contains(&unit), "{tag}");
            }
            if !tag.ends_with('/') {
                open.push((name.to_owned(), 0));
            }
        }
        assert!(open.is_empty());
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "ids are unique");
        assert!(
            references.iter().all(|id| ids.contains(id)),
            "{references:?}"
        );
    }

    #[test]
    fn the_project_has_the_schemas_order_and_the_archive_its_entries() {
        let mut settings = Settings::default();
        settings.eq.mid_db[2] = 2.0;
        settings.eq.mid_db[7] = -1.5;
        settings.compressor.ratio = 1.5;
        let clip = |path: &str| Clip {
            track: "A & B".to_owned(),
            path: path.to_owned(),
            duration_s: 3.5,
            sample_rate_hz: 48_000,
            channels: 2,
            gain_db: 0.0,
        };
        let eq = Parametric::fit(&settings.eq, 48_000);
        assert!(!eq.bands.is_empty());
        let project = Project {
            title: "<Song>",
            artist: Some("R&B"),
            version: "1",
            settings: &settings,
            eq: &eq,
            program_lufs: -20.0,
            ceiling_dbtp: -1.0,
            mix: clip("mix.wav"),
            master: clip("master.wav"),
            markers: &[Marker {
                time_s: 1.25,
                name: "Clipping & more".to_owned(),
            }],
        };
        let xml = project_xml(&project);
        check(&xml);
        assert_eq!(xml.matches("<Band ").count(), eq.bands.len());
        assert!(xml.contains(r#"<Marker time="1.250" name="Clipping &amp; more"/>"#));
        assert!(xml.contains(r#"<File path="mix.wav" external="true"/>"#));
        for (id, is_muted) in [("mix", false), ("master", true)] {
            let mute = format!(r#"<Mute id="{id}-mute" name="Mute" value="{is_muted}"/>"#);
            assert!(xml.contains(&mute), "{mute}");
        }
        let mut bytes = Cursor::new(Vec::new());
        write_dawproject(&mut bytes, &project).unwrap();
        let mut archive = zip::ZipArchive::new(bytes).unwrap();
        let mut text = String::new();
        archive
            .by_name(METADATA)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert!(text.contains("<Title>&lt;Song&gt;</Title><Artist>R&amp;B</Artist>"));
        assert_eq!(
            archive.len(),
            2,
            "the sound is stored once, beside the project"
        );
    }
}
