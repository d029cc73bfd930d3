// SPDX-License-Identifier: Apache-2.0
//! Joining data segments, before a module is compiled.
//!
//! The engine compiles a call for each active segment, all into one function: 50,000 of them take
//! five seconds. Go's linker makes a segment of each run of bytes that are not zero, 100,000 for an
//! ordinary program. Memory is zero to begin with, so segments with little between them are as
//! well one segment with zeros in between.

#![forbid(unsafe_code)]

use std::borrow::Cow;

use wasmparser::{BinaryReaderError, Data, DataKind, Operator, Parser, Payload, TypeRef};

use crate::tune::encode;

/// Segments that are not worth the trouble: they compile in a tenth of a second.
const FEW: usize = 1_000;
/// Bytes between segments that are filled, the least that leaves a few; a page in the end.
const GAPS: [u64; 4] = [64, 512, 4_096, 65_536];
/// Bytes of zeros that may be added, or as many as there are data.
const MAX_ZEROS: u64 = 16 << 20;

const PAGE: u64 = 65_536;
const DATA: u8 = 11;

/// The module with fewer segments; as it is where it has few, or where they are not all known to
/// fit before it runs.
pub fn join(module: &[u8]) -> Cow<'_, [u8]> {
    match Segments::read(module) {
        Ok(Some(segments)) => match segments.joined() {
            Some(payload) => Cow::Owned(segments.in_place(module, &payload)),
            None => Cow::Borrowed(module),
        },
        // What is wrong with it is the engine's to say.
        Ok(None) | Err(_) => Cow::Borrowed(module),
    }
}

struct Segments<'a> {
    /// Bytes that each memory has to begin with.
    memories: Vec<u64>,
    all: Vec<Data<'a>>,
    /// Whether code may name segments.
    are_named: bool,
    /// Where the data section is in the module, its head included.
    section: std::ops::Range<usize>,
}

/// Where bytes lie in a memory.
#[derive(Clone, Copy)]
struct Range {
    memory: u32,
    start: u64,
    end: u64,
}

impl<'a> Segments<'a> {
    /// None where there is nothing to gain.
    fn read(module: &'a [u8]) -> Result<Option<Segments<'a>>, BinaryReaderError> {
        let mut found = Segments {
            memories: Vec::new(),
            all: Vec::new(),
            are_named: false,
            section: 0..0,
        };
        let mut end_before = 8; // of magic and version
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            let end = payload.as_section().map(|(_, range)| range.end);
            match payload {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        if matches!(import?.ty, TypeRef::Memory(_)) {
                            return Ok(None);
                        }
                    }
                }
                Payload::MemorySection(memories) => {
                    for memory in memories {
                        found.memories.push(memory?.initial.saturating_mul(PAGE));
                    }
                }
                Payload::DataCountSection { .. } => found.are_named = true,
                Payload::DataSection(segments) => {
                    found.section = end_before..segments.range().end;
                    found.all = segments.into_iter().collect::<Result<_, _>>()?;
                }
                _ => {}
            }
            end_before = end.unwrap_or(end_before);
        }
        Ok((found.all.len() > FEW).then_some(found))
    }

    /// The data section's payload anew. None where a segment may not fit: then those before it
    /// must be written when the module begins, and no other.
    fn joined(&self) -> Option<Vec<u8>> {
        let mut ranges = Vec::new();
        for each in &self.all {
            if let DataKind::Active { .. } = each.kind {
                ranges.push(self.range_of(each)?);
            }
        }
        let mut sorted: Vec<Range> = ranges
            .iter()
            .filter(|it| it.end > it.start)
            .copied()
            .collect();
        sorted.sort_by_key(|it| (it.memory, it.start));
        let data: u64 = sorted.iter().map(|it| it.end - it.start).sum();
        let mut united = unite(&sorted, 0); // segments that overlap are one from here on
        for gap in GAPS {
            let next = unite(&united, gap);
            let size: u64 = next.iter().map(|it| it.end - it.start).sum();
            if size > data.saturating_add(data.max(MAX_ZEROS)) {
                break;
            }
            united = next;
            if united.len() <= FEW {
                break;
            }
        }
        let contents = self.contents(&united, &ranges)?;
        Some(self.payload(&united, &contents))
    }

    fn range_of(&self, segment: &Data) -> Option<Range> {
        let DataKind::Active {
            memory_index,
            ref offset_expr,
        } = segment.kind
        else {
            return None;
        };
        let mut operators = offset_expr.get_operators_reader();
        let (Ok(Operator::I32Const { value }), Ok(Operator::End)) =
            (operators.read(), operators.read())
        else {
            return None;
        };
        let start = u64::from(value as u32);
        let end = start + segment.data.len() as u64;
        let fits = end <= *self.memories.get(memory_index as usize)?;
        let memory = memory_index;
        fits.then_some(Range { memory, start, end })
    }

    /// What the united ranges hold: of segments that overlap, the later one's bytes.
    fn contents(&self, united: &[Range], ranges: &[Range]) -> Option<Vec<Vec<u8>>> {
        let zeros = |it: &Range| vec![0; (it.end - it.start) as usize];
        let mut contents: Vec<Vec<u8>> = united.iter().map(zeros).collect();
        let is_active = |each: &&Data| matches!(each.kind, DataKind::Active { .. });
        for (range, segment) in ranges.iter().zip(self.all.iter().filter(is_active)) {
            if segment.data.is_empty() {
                continue;
            }
            let key = (range.memory, range.start);
            let at = united.partition_point(|it| (it.memory, it.start) <= key);
            let at = at.checked_sub(1)?;
            let from = (range.start - united.get(at)?.start) as usize;
            let into = contents.get_mut(at)?;
            into.get_mut(from..from + segment.data.len())?
                .copy_from_slice(segment.data);
        }
        Some(contents)
    }

    /// Where code may name segments each keeps its index. An active one is an empty passive one to
    /// code.
    fn payload(&self, united: &[Range], contents: &[Vec<u8>]) -> Vec<u8> {
        let mut written = united.iter().zip(contents);
        let mut out = Vec::new();
        let write = |out: &mut Vec<u8>, (range, bytes): (&Range, &Vec<u8>)| {
            out.push(2); // active, with its memory's index
            encode::unsigned(out, range.memory.into());
            encode::i32_const(out, range.start as u32);
            out.push(encode::END);
            encode::prefixed(out, bytes);
        };
        if !self.are_named {
            encode::unsigned(&mut out, united.len() as u64);
            written.for_each(|each| write(&mut out, each));
            return out;
        }
        encode::unsigned(&mut out, self.all.len() as u64);
        for each in &self.all {
            let is_passive = matches!(each.kind, DataKind::Passive);
            let next = if is_passive { None } else { written.next() };
            match next {
                Some(each) => write(&mut out, each),
                None => {
                    out.push(1); // passive
                    encode::prefixed(&mut out, if is_passive { each.data } else { &[] });
                }
            }
        }
        out
    }

    /// The module with `payload` as its data section.
    fn in_place(&self, module: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(module.len() + payload.len());
        out.extend(module.iter().take(self.section.start));
        encode::section(&mut out, DATA, payload);
        out.extend(module.iter().skip(self.section.end));
        out
    }
}

fn unite(sorted: &[Range], gap: u64) -> Vec<Range> {
    let mut united: Vec<Range> = Vec::new();
    for each in sorted {
        match united.last_mut() {
            Some(last) if last.memory == each.memory && each.start <= last.end + gap => {
                last.end = last.end.max(each.end);
            }
            _ => united.push(*each),
        }
    }
    united
}
