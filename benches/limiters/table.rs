//! The tables.

use acetate_dsp::numeric::quantile;

use crate::{Footing, REDUCTIONS_DB, Row};

/// Prints medians over the passages, two tables for each depth.
pub fn print(rows: &[Vec<Row>]) {
    for footing in [Footing::SameDrive, Footing::SameLoudness] {
        if !rows.iter().flatten().any(|row| row.footing == footing) {
            continue;
        }
        for reduction_db in REDUCTIONS_DB {
            let title = match footing {
                Footing::SameDrive => "same drive",
                Footing::SameLoudness => "same loudness and true peak",
            };
            let passages = rows.len();
            println!("\n**{reduction_db} dB over the ceiling, {title}, {passages} passages**\n");
            println!(
                "| limiter | NMR, dB: median / mean | slow riding forgiven | disturbed frames \
                 | true peak over the ceiling, dB: median / most |"
            );
            println!("|---|---|---|---|---|");
            let shown: Vec<&Row> = rows
                .iter()
                .flatten()
                .filter(|row| row.footing == footing && row.reduction_db == reduction_db)
                .collect();
            print_rows(&shown);
        }
    }
}

fn print_rows(rows: &[&Row]) {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.limiter.as_str()) {
            names.push(&row.limiter);
        }
    }
    for name in names {
        let of = |figure: &dyn Fn(&Row) -> f64| -> Vec<f64> {
            let own = rows.iter().filter(|row| row.limiter == name);
            own.map(|row| figure(row)).collect()
        };
        let whole = of(&|row| row.whole.total_db);
        let over_db = of(&|row| row.over_db);
        println!(
            "| {name} | {:.2} / {:.2} | {:.2} | {:.1} % | {:+.3} / {:+.3} |",
            median(&whole),
            whole.iter().sum::<f64>() / whole.len() as f64,
            median(&of(&|row| row.slow.total_db)),
            100.0 * median(&of(&|row| row.slow.disturbed_share)),
            median(&over_db),
            over_db.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        );
    }
}

/// The median; not a number without values.
fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5).unwrap_or(f64::NAN)
}
