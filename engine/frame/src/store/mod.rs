//! What stays on disk: one folder per run, readable by a person, safe against a crash at any moment.
//!
//! `experiment.toml` (as asked), `resolved.toml` (every default filled in), `manifest.json`, `metrics.csv`, `log.txt`,
//! `snapshots/step-N.safetensors` (checkpoints), `views/pictures.cbor` (what is no scalar), `files.b3` (hashes of all, once it is done). No database: the index is a scan.

mod artifact;
mod atomic;
mod codec;
pub mod disk;
mod drive;
mod error;
mod folder;
mod hashes;
mod index;
mod ladder;
mod manifest;
mod metrics;
pub mod owner;
mod pack;
mod state;
mod trash;
mod unpack;

pub use artifact::{Artifact, write as write_artifact};
pub use atomic::write as write_atomically;
pub use codec::{Codec, CodecError, Packed, Saved, pack as pack_state, restore, save};
pub use drive::is_remote;
pub use error::StoreError;
pub use folder::{
    RunFolder, StoredRun, checkpoint_step, checkpoints, fill, is_in_use, metrics_file, new_folder,
    origin_checkpoint, read_experiment, read_manifest, read_metrics, read_record, read_run, read_settings,
    stream_hash, update_manifest, write_manifest, write_settings,
};
pub use hashes::{FilesCheck, check_files};
pub use index::{Index, IndexEntry, scan};
pub use manifest::{Manifest, Parent, Status, Verification};
pub use metrics::{MetricsWriter, Row, stream_hash as file_stream_hash};
pub use pack::{ENDING as PACK_ENDING, MUCH_DATA, PackedData, data_files, is_pack, pack};
pub use state::{Blob, Checkpoint, Marks, State, read as read_checkpoint};
pub use trash::{Trashed, empty_trash, put_back, throw_away, trashed};
pub use unpack::{Unpacked, unpack};
