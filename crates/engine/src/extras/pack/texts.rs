//! The texts of a pack: what is in it, settings, certificate, sheet, and the sessions of other programs.

use std::fs::File;

use acetate_dsp::Spec;
use acetate_dsp::settings::Section;
use acetate_dsp::units::clock;
use acetate_handover::{
    Clip, Marker, Parametric, Project, engineers_sheet, reaper_project, write_dawproject,
};
use acetate_master::findings::Finding;
use acetate_master::report::sections::changes;
use acetate_master::{Certificate, VERSION};
use anyhow::Context;

use super::{
    CERTIFICATE, DIFFERENCE, EQ, Gains, MASTER, MATCHED_A, MATCHED_B, PROJECT, Pack, README,
    SESSION, SETTINGS, SHEET, SUMS, UNLIMITED,
};
use crate::extras::settings_text::settings_text;

/// Most markers of one finding: a session full of them shows nothing.
const MAX_MARKERS: usize = 20;

impl Pack<'_> {
    /// Writes all texts. `mix` is the mix's name in the pack, `spec` that of the master.
    pub(super) fn texts(&self, mix: &str, spec: Spec, gains: Gains) -> anyhow::Result<()> {
        let mastered = &self.file.mastered;
        let settings = &mastered.treatment.settings;
        let eq = Parametric::fit(&settings.eq, spec.sample_rate_hz);
        let notes = self.context.options.notes.as_deref();
        let what = format!("{}: the EQ of an Acetate master", self.title);
        let certificate = Certificate::new(self.file, &self.context.options.brief)?;
        let markers = markers(
            &mastered.assessment.findings,
            &mastered.treatment.settings.sections,
        );
        for (name, text) in [
            (SETTINGS, settings_text(settings)?),
            (CERTIFICATE, certificate.to_json()?),
            (SHEET, engineers_sheet(self.file, &eq, notes)),
            (EQ, eq.as_text(&what)),
            (SESSION, self.session(mix, spec, gains, &markers)),
            (README, self.readme(mix)),
        ] {
            // Nothing can be there yet.
            acetate_io::deliver_text(&self.folder.join(name), &text, false)?;
        }
        let project = Project {
            title: self.tags.text("TITLE").unwrap_or(&self.title),
            artist: self.tags.text("ARTIST"),
            version: VERSION,
            settings,
            eq: &eq,
            program_lufs: mastered.program_lufs(),
            ceiling_dbtp: mastered.treatment.target.true_peak_dbtp,
            mix: self.clip("Mix", mix, self.mix_spec(spec), 0.0),
            master: self.clip("Reference master", MASTER, spec, 0.0),
            markers: &markers,
        };
        let path = self.folder.join(PROJECT);
        let out = File::create_new(&path).with_context(|| path.display().to_string())?;
        write_dawproject(std::io::BufWriter::new(out), &project)?;
        Ok(())
    }

    /// A REAPER session whose tracks are equally loud.
    fn session(&self, mix: &str, spec: Spec, gains: Gains, markers: &[Marker]) -> String {
        let clips = [
            self.clip("Mix (matched)", mix, self.mix_spec(spec), gains.mix_db),
            self.clip("Master (matched)", MASTER, spec, gains.master_db),
            self.clip("Un-limited (matched)", UNLIMITED, spec, gains.master_db),
        ];
        reaper_project(&clips, markers)
    }

    fn clip(&self, track: &str, path: &str, spec: Spec, gain_db: f64) -> Clip {
        Clip {
            track: track.to_owned(),
            path: path.to_owned(),
            duration_s: self.file.mastered.treatment.before.duration_s,
            sample_rate_hz: spec.sample_rate_hz,
            channels: spec.channels,
            gain_db,
        }
    }

    fn mix_spec(&self, master: Spec) -> Spec {
        Spec {
            sample_rate_hz: self.file.input.sample_rate_hz,
            ..master
        }
    }

    /// What is in the folder, for whoever opens it.
    fn readme(&self, mix: &str) -> String {
        let after = &self.file.mastered.after;
        let rows = [
            (mix, "the mix, untouched"),
            (
                MASTER,
                "the reference master: an example of where this mix could go",
            ),
            (UNLIMITED, "the same without its limiter, 32-bit float"),
            (
                MATCHED_A,
                "the mix, as loud as B: listen to A and B in turn",
            ),
            (MATCHED_B, "the master, as loud as A"),
            (DIFFERENCE, "B less A: what the master changed"),
            (
                SHEET,
                "start here: figures, chain, EQ, findings and open questions on one page",
            ),
            (
                PROJECT,
                "a session for Bitwig Studio, Studio One, Cubase and others",
            ),
            (SESSION, "a session for REAPER"),
            (EQ, "the EQ as bands that any equalizer has"),
            (SETTINGS, "every setting, for `acetate master --settings`"),
            (
                CERTIFICATE,
                "what was measured, for `acetate verify --certificate`",
            ),
            (SUMS, "hashes of all files: `sha256sum -c SHA256SUMS`"),
        ];
        let mut text = format!(
            "{}: a reference master by Acetate {VERSION}\n{} at {:.1} LUFS and {:.1} dBTP.\n\n",
            self.title,
            clock(after.duration_s.round(), 0),
            after.integrated_lufs,
            after.true_peak_dbtp,
        );
        for (name, what) in rows {
            text.push_str(&format!("{name:<22}{what}\n"));
        }
        text.push_str("\nBoth sessions refer to the sound in this folder: keep them beside it.\n");
        text
    }
}

/// The moments of what was found and the parts of the song, in the order of time.
fn markers(findings: &[Finding], sections: &[Section]) -> Vec<Marker> {
    let parts = sections.iter().map(|section| Marker {
        time_s: section.start_s,
        name: match changes(section) {
            Some(changes) => format!("{}: {changes}", section.letter),
            None => section.letter.to_string(),
        },
    });
    let found = findings.iter().flat_map(|finding| {
        let places = finding.places.iter().take(MAX_MARKERS);
        places.map(|place| Marker {
            time_s: place.from_s,
            name: finding.text.clone(),
        })
    });
    let mut markers: Vec<Marker> = parts.chain(found).collect();
    markers.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    markers
}
