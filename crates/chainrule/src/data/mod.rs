//! Data to learn from: synthetic sets, CSV files, standardisation and mini-batches; names for character models.
//!
//! ```
//! use chainrule::data::{Batches, Standardizer, Synthetic};
//!
//! # fn main() -> chainrule::Result<()> {
//! let mut rng = chainrule::rng(1);
//! let moons = Synthetic::Moons.generate(200, 0.1, &mut rng)?;
//! let (mut train, mut test) = moons.split(0.25, &mut rng)?;
//! assert_eq!((train.len(), test.len()), (150, 50));
//!
//! // The test rows are measured with the mean and deviation of the training rows.
//! let standardizer = Standardizer::fit(&train.rows)?;
//! standardizer.apply_rows(&mut train.rows);
//! standardizer.apply_rows(&mut test.rows);
//!
//! let mut batches = Batches::new(train.len(), 32);
//! for _step in 0..10 {
//!     let batch = train.select(batches.next_batch(&mut rng));
//!     assert!(batch.len() <= 32);
//! }
//! # Ok(())
//! # }
//! ```

mod batches;
mod dataset;
mod names;
mod standardizer;
mod synthetic;
#[cfg(feature = "csv")]
mod table;

pub use batches::Batches;
pub use dataset::{Dataset, Target};
pub use names::Names;
pub use standardizer::Standardizer;
pub use synthetic::{Synthetic, blobs, circles, moons, spirals, xor};
#[cfg(feature = "csv")]
pub use table::{Record, Table, TargetKind};
