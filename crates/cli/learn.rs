//! `acetate learn`: what an engineer did, in the chain's terms, and the pair for retraining.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use acetate_dsp::plain;
use acetate_dsp::process::deesser::is_neutral;
use acetate_dsp::process::eq::eq_curve_db;
use acetate_dsp::settings::{Deesser, mid_knot_hz};
use acetate_dsp::units::hertz;
use acetate_engine::{Conflicts, declare, settings_text};
use acetate_io::pairs_list;
use acetate_io::{OpenOptions, StagedFile, Tags};
use acetate_master::MasterError;
use acetate_master::recover::{Recovered, recover};
use acetate_master::report::sections;
use anyhow::Context;

use crate::args::LearnArgs;
use crate::exit::Exit;
use crate::terminal::console::Console;
use crate::terminal::progress::Bars;
use crate::terminal::watch::Watch;

/// Stands in a list where neither tags nor folders name an album.
const NO_ALBUM: &str = "unknown";

/// Recovers, prints, saves and lists.
pub fn run(args: &LearnArgs, console: &Console) -> anyhow::Result<Exit> {
    let mut conflicts = Conflicts::default();
    conflicts.reads(&args.mix);
    conflicts.reads(&args.master);
    conflicts.writes(&args.save_settings, "settings file");
    conflicts.writes(&args.catalog, "list");
    conflicts.check()?;
    if let Some(path) = &args.save_settings {
        StagedFile::check(path, args.overwrite)?;
    }
    let options = OpenOptions::default();
    let mut mix = acetate_io::open(&args.mix, &options)?;
    let mut master = acetate_io::open(&args.master, &options)?;
    let watch = Watch::new(console);
    declare(&args.mix, &mix, &watch);
    declare(&args.master, &master, &watch);
    if acetate_io::same_file(&args.mix, &args.master) {
        anyhow::bail!(
            "{}: expected a mix and its master, found one file for both",
            args.mix.display()
        );
    }
    let bar = Bars::new(console).parts(&args.master, "learn");
    let recovered = recover(&mut mix, &mut master, &mut |share| {
        bar.set_position((1000.0 * share) as u64);
    })
    .map_err(|error| {
        let failed = match &error {
            MasterError::Mix(_) => &args.mix,
            _ => &args.master,
        };
        let named = failed.display().to_string();
        anyhow::Error::new(error).context(named)
    })?;
    bar.finish_and_clear();
    if let Some(path) = &args.save_settings {
        let text = settings_text(&recovered.settings)?;
        acetate_io::deliver_text(path, &text, args.overwrite)?;
    }
    if let Some(path) = &args.catalog {
        list(path, args, console)?;
    }
    if console.json {
        console.print_json(&recovered)?;
    } else if !console.quiet {
        console.print(&table(&recovered, args))?;
    }
    Ok(Exit::Met)
}

fn table(recovered: &Recovered, args: &LearnArgs) -> String {
    let settings = &recovered.settings;
    let (mix, master) = (plain::path(&args.mix), plain::path(&args.master));
    let mut text = format!("{mix} → {master}\n");
    let knots: Vec<String> = settings
        .eq
        .mid_db
        .iter()
        .enumerate()
        .map(|(knot, _)| {
            let hz = mid_knot_hz(knot);
            format!("{hz:.0} Hz {:+.1}", eq_curve_db(&settings.eq, hz).mid_db)
        })
        .collect();
    let _ = writeln!(text, "  EQ, dB        {}", knots.join(", "));
    let _ = writeln!(
        text,
        "  side, dB      {:+.1} in all, {:+.1} below {:.0} Hz",
        settings.stereo.mid_db, settings.stereo.low_db, settings.stereo.low_crossover_hz
    );
    let ratio = settings.compressor.ratio;
    let compressor = if ratio > 1.0 {
        format!("{ratio:.2}:1")
    } else {
        "none".to_owned()
    };
    let _ = writeln!(text, "  compressor    {compressor}");
    let _ = writeln!(text, "  de-esser      {}", deesser(&settings.deesser));
    let sections = if settings.sections.is_empty() {
        "none".to_owned()
    } else {
        sections::listed(&settings.sections)
    };
    let _ = writeln!(text, "  sections      {sections}");
    let _ = writeln!(
        text,
        "  limiter       drive {:+.1} dB to {:.1} LUFS, {:.1} dBTP",
        settings.limiter.drive_db, settings.target.integrated_lufs, settings.target.true_peak_dbtp
    );
    let _ = writeln!(
        text,
        "  explained     tone {:.2} of {:.2} dB; left: {:.2} dB tone, {:.2} dB width, {:+.2} dB spread, {:.2} dB over time, {:.2} dB treble over time, {:+.2} dB peak to loudness",
        (recovered.tone_before_db - recovered.tone_left_db).max(0.0),
        recovered.tone_before_db,
        recovered.tone_left_db,
        recovered.width_left_db,
        recovered.spread_left_db,
        recovered.riding_left_db,
        recovered.treble_left_db,
        recovered.plr_left_db
    );
    let _ = writeln!(text, "  not explained:");
    for sentence in &recovered.unexplained {
        let _ = writeln!(text, "    - {}", plain::field(sentence));
    }
    text
}

fn deesser(deesser: &Deesser) -> String {
    if is_neutral(deesser) {
        return "none".to_owned();
    }
    format!(
        "up to {:.1} dB around {}, from {:+.1} LU on",
        deesser.max_reduction_db,
        hertz(deesser.frequency_hz),
        deesser.threshold_lu
    )
}

/// Appends the pair to a list for `acetate train --pairs`, unless it is on it.
fn list(path: &Path, args: &LearnArgs, console: &Console) -> anyhow::Result<()> {
    let absolute = |file: &Path| fs::canonicalize(file).with_context(|| file.display().to_string());
    let (mix, master) = (absolute(&args.mix)?, absolute(&args.master)?);
    if let Some(path) = [&mix, &master].into_iter().find(|path| {
        path.to_str()
            .is_none_or(|name| name.contains(plain::is_unseen))
    }) {
        anyhow::bail!(
            "{}: expected a name of visible characters in UTF-8 for the list, found others: rename it",
            path.display()
        );
    }
    let folder = || {
        let folder = master.parent().and_then(Path::file_name);
        Some(folder.unwrap_or_default().to_string_lossy().into_owned())
    };
    let tagged = || {
        let (tags, _) = Tags::read(&master);
        tags.text("ALBUM").map(str::to_owned)
    };
    // A list with an empty field could not be read again.
    let named = |album: Option<String>| {
        let album = album?;
        let album = plain::field(album.trim());
        (!album.is_empty()).then(|| album.into_owned())
    };
    let album = named(args.album.clone())
        .or_else(|| named(tagged()))
        .or_else(|| named(folder()))
        .unwrap_or_else(|| NO_ALBUM.to_owned());
    let said = if pairs_list::append(path, &mix, &master, &album)? {
        format!("the pair was added, album \"{album}\"")
    } else {
        "the pair is on the list already".to_owned()
    };
    console.say(&format!("{}: {said}", path.display()));
    Ok(())
}
