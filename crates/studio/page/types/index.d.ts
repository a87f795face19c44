// What the studio's server sends and takes, as far as the page reads it. /api/openapi.json has the whole.

export interface Target { integrated_lufs: number; true_peak_dbtp: number; max_limiting_db: number }
export interface Percents { eq: number; compressor: number; deesser: number; saturation: number; stereo: number }
export interface Turn {
  preset: string | null; target: Target | null; amounts: Percents; words: string; genre: string;
  reference: number | null; reference_share: number | null;
  eq_mid_db: number[] | null; eq_side_db: number[] | null;
  compressor: Record<string, number> | null; deesser: Record<string, number> | null;
  saturation: Record<string, number> | null; stereo: Record<string, number> | null; bypass: string[]; codecs: boolean; format: string;
}
export interface Slots { chosen: string; all: Record<string, Turn> }
export interface Made {
  revision: number; all_met: boolean; master_lufs: number; unlimited_lufs: number | null; beside: string[]; making: string[];
}
export interface Reference { id: number; name: string; is_ready: boolean; lufs: number | null }
export interface Variant {
  name: string; what: string; louder_lu: number; words: string | null; lufs: number; true_peak_dbtp: number;
  loudness_range_lu: number; limiting_db: number; all_met: boolean;
}
export interface Song {
  id: number; name: string; state: string; error: string | null; warnings: string[];
  sample_rate_hz: number; channels: number; frames: number; outline_frames: number;
  mix_lufs: number | null; turn: Turn; revision: number; view: number; made: Made | null;
  slots: Slots | null; references: Reference[]; variants: { revision: number; all: Variant[] } | null; varying: boolean;
}
export interface Settings {
  target: Target; eq: { mid_db: number[]; side_db: number[] };
  compressor: Record<string, number>; deesser: Record<string, number>; saturation: Record<string, number>;
  stereo: Record<string, number>;
  limiter: Record<string, number>;
}
export interface Proposal { settings: Settings; open_db: number[] | null; sd_db: number[] | null; confidence: Record<string, number> | null }
export interface Turned { revision: number; settings: Settings; proposal: Proposal }
export interface EqBasis { hz: number[]; mid_knots_hz: number[]; side_knots_hz: number[]; mid: number[][]; side: number[][] }
export interface NamedTarget { name: string; integrated_lufs: number; true_peak_dbtp: number; help: string }
export interface Param { name: string; unit: string; min: number; max: number; neutral: number; help: string }
export interface Device { name: string; source: string; sums_to_mono: boolean }
export interface Session {
  version: string; songs: Song[]; targets: NamedTarget[]; params: Param[]; eq: EqBasis; devices: Device[];
  waiting: { name: string }[]; delivers: boolean;
}
export interface EarlierSession { name: string; saved_unix_s: number; songs: string[] }
export interface AlbumAsked { songs: number[]; balance: string; target: string }
export interface AlbumSong {
  id: number; gap_s: number; mix_lufs: number; integrated_lufs: number; level_lu: number; tone_rms_db: number; side_db: number;
  is_set_apart: boolean; eq_mid_db: number[]; stereo: Record<string, number>;
}
export interface Album { target: Target; songs: AlbumSong[] }
export interface Curves { mix_lufs: (number | null)[]; master_lufs: (number | null)[]; limiting_db: number[] }
export interface Finding {
  code: string; severity: string; text: string; advice: string; mastering_does?: string;
  places?: { from_s: number; to_s: number }[]; band?: { from_hz: number; to_hz: number };
}
