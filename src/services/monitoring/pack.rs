//! The values of one step of time as bytes: for each series its number (two bytes), mean and greatest value (four bytes
//! each), little endian, in the order of the numbers.

use std::collections::BTreeMap;

/// Bytes of one series.
const ENTRY: usize = 10;

/// Mean and greatest value of a series within one step of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) mean: f32,
    pub(super) peak: f32,
}

impl Spread {
    /// A single value.
    pub(super) fn of(value: f32) -> Self {
        Self { mean: value, peak: value }
    }
}

/// Values by the number of their series.
pub(super) type Values = BTreeMap<u16, Spread>;

pub(super) fn pack(values: &Values) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * ENTRY);
    for (id, spread) in values {
        bytes.extend(id.to_le_bytes());
        bytes.extend(spread.mean.to_le_bytes());
        bytes.extend(spread.peak.to_le_bytes());
    }
    bytes
}

/// Reads what [`pack`] wrote; a torn rest is left out.
pub(super) fn unpack(bytes: &[u8]) -> impl Iterator<Item = (u16, Spread)> + '_ {
    bytes.chunks_exact(ENTRY).map(|entry| {
        let float = |at: usize| f32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]);
        (u16::from_le_bytes([entry[0], entry[1]]), Spread { mean: float(2), peak: float(6) })
    })
}

/// Joins values of several moments into those of one longer step.
#[derive(Debug, Default)]
pub(super) struct Joined(BTreeMap<u16, (f64, u32, f32)>);

impl Joined {
    pub(super) fn add(&mut self, id: u16, spread: Spread) {
        let (sum, count, peak) = self.0.entry(id).or_insert((0.0, 0, f32::MIN));
        *sum += f64::from(spread.mean);
        *count += 1;
        *peak = peak.max(spread.peak);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn values(&self) -> Values {
        let spread =
            |(sum, count, peak): &(f64, u32, f32)| Spread { mean: (sum / f64::from(*count)) as f32, peak: *peak };
        self.0.iter().map(|(id, joined)| (*id, spread(joined))).collect()
    }
}
