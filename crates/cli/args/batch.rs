//! Many mixes on many machines: `acetate master --manifest tracks.csv --shard 3/20`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// Which mixes of a catalog.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Batches")]
pub struct BatchArgs {
    /// Also master the tracks of this table: a column input, and a column output where masters have names of
    /// their own; paths are relative to the table
    #[arg(long, value_name = "CSV", hide_short_help = true)]
    pub manifest: Option<PathBuf>,
    /// Master only the Ith of N parts of all mixes, as one task of a job array does; the parts share nothing
    /// and leave nothing out
    #[arg(long, value_name = "I/N", value_parser = shard, conflicts_with = "output", hide_short_help = true)]
    pub shard: Option<Shard>,
}

/// One part of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    part: usize,
    parts: usize,
}

impl Shard {
    /// Whether the mix in this place, from 0, belongs to it.
    pub fn has(self, place: usize) -> bool {
        place % self.parts == self.part
    }
}

/// `3/20`.
fn shard(text: &str) -> Result<Shard, String> {
    let (part, parts) = text.split_once('/').unwrap_or((text, ""));
    match (part.trim().parse::<usize>(), parts.trim().parse()) {
        (Ok(part), Ok(parts)) if (1..=parts).contains(&part) => Ok(Shard {
            part: part - 1,
            parts,
        }),
        _ => Err("expected a part of all, from 1/N to N/N, as 3/20".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_share_nothing_and_leave_nothing_out() {
        for parts in 1..7 {
            let names = (1..=parts).map(|part| format!("{part}/{parts}"));
            let shards: Vec<Shard> = names.map(|name| shard(&name).unwrap()).collect();
            for place in 0..20 {
                let takers = shards.iter().filter(|shard| shard.has(place));
                assert_eq!(takers.count(), 1);
            }
        }
        for wrong in ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/5"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
