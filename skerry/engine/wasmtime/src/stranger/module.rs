// SPDX-License-Identifier: Apache-2.0
//! Reading a module, within limits.

use std::ops::Range;

use wasmparser::{
    CompositeInnerType, ConstExpr, Data, Export, FuncType, FunctionBody, GlobalType, Import,
    MemoryType, Parser, Payload, TableType, TypeRef, ValidPayload, Validator, WasmFeatures,
    types::Types,
};

use super::features::Features;
use super::{Result, exhausted, malformed, unimplemented};

const PAGE: u64 = 65_536;

/// As `skerry::wasm::ModuleLimits`, whose comments say what each is for.
#[repr(C)]
pub struct Limits {
    pub module_size: u64,
    pub memory: u64,
    pub memory_maximum: u64,
    pub table_elements: u64,
    pub tables: u64,
    pub memories: u64,
    pub functions: u64,
    pub function_body: u64,
    pub locals: u64,
    pub types: u64,
    pub parameters_and_results: u64,
    pub fields: u64,
    pub imports: u64,
    pub exports: u64,
    pub globals: u64,
    pub tags: u64,
    pub element_segments: u64,
    pub data_segments: u64,
    pub custom_sections: u64,
}

pub struct Section<'a> {
    pub id: u8,
    pub payload: &'a [u8],
}

pub struct Global<'a> {
    pub of: GlobalType,
    /// None of an imported one.
    pub initializer: Option<ConstExpr<'a>>,
}

/// What is known of a module that was read: it is within the limits, and valid but for the types
/// of its code. Index spaces hold imports first.
pub struct Module<'a> {
    pub bytes: &'a [u8],
    pub sections: Vec<Section<'a>>,
    pub imports: Vec<Import<'a>>,
    pub exports: Vec<Export<'a>>,
    pub memories: Vec<MemoryType>,
    pub globals: Vec<Global<'a>>,
    pub start: Option<u32>,
    pub data: Vec<Data<'a>>,
    pub has_data_count: bool,
    /// What its code contains.
    pub features: Features,
    types: Option<Types>,
}

impl<'a> Module<'a> {
    /// Linear in the size of `bytes`; allocates in proportion to what they hold, never recurses.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Module<'a>> {
        // The engine's, and what we refuse in words of our own.
        let features = WasmFeatures::WASM3 | WasmFeatures::CUSTOM_PAGE_SIZES;
        let mut parser = Parser::new(0);
        parser.set_features(features);
        let mut validator = Validator::new_with_features(features);
        let mut reader = Reader {
            limits,
            seen: Counts::default(),
            module: Module {
                bytes,
                sections: Vec::new(),
                imports: Vec::new(),
                exports: Vec::new(),
                memories: Vec::new(),
                globals: Vec::new(),
                start: None,
                data: Vec::new(),
                has_data_count: false,
                features: Features::default(),
                types: None,
            },
        };
        for payload in parser.parse_all(bytes) {
            let payload = payload?;
            // Limits come first: they bound what the validator keeps.
            reader.take(&payload)?;
            match validator.payload(&payload)? {
                ValidPayload::Func(_, body) => reader.take_body(&body)?,
                ValidPayload::End(types) => reader.module.types = Some(types),
                _ => {}
            }
        }
        Ok(reader.module)
    }

    /// The type of the function of that index, which the module has.
    pub fn function_type(&self, function: u32) -> Option<&FuncType> {
        let types = self.types.as_ref()?.as_ref();
        let of = types.get(types.core_function_at(function))?;
        match &of.composite_type.inner {
            CompositeInnerType::Func(of) => Some(of),
            _ => None,
        }
    }

    pub fn find_export(&self, name: &str) -> Option<&Export<'a>> {
        self.exports.iter().find(|each| each.name == name)
    }
}

/// How many of each were met so far.
#[derive(Default)]
struct Counts {
    types: u64,
    values: u64,
    fields: u64,
    functions: u64,
    bodies: u64,
    /// Bytes, of the memories' minima together.
    memory: u64,
    tables: u64,
    tags: u64,
    custom_sections: u64,
}

struct Reader<'a, 'limits> {
    limits: &'limits Limits,
    seen: Counts,
    module: Module<'a>,
}

impl<'a> Reader<'a, '_> {
    fn take(&mut self, payload: &Payload<'a>) -> Result<()> {
        if let Some((id, range)) = payload.as_section() {
            let payload = self.slice(range);
            self.module.sections.push(Section { id, payload });
        }
        let limits = self.limits;
        match payload {
            // Before the validator, which has a limit of its own.
            Payload::CodeSectionEntry(body) => self.check_size(body)?,
            Payload::TypeSection(types) => {
                for group in types.clone() {
                    for of in group?.types() {
                        self.take_type(&of.composite_type.inner)?;
                    }
                }
            }
            Payload::ImportSection(imports) => {
                check("imports", imports.count().into(), limits.imports)?;
                for import in imports.clone().into_imports() {
                    self.take_import(import?)?;
                }
            }
            Payload::FunctionSection(functions) => self.take_functions(functions.count().into())?,
            Payload::TableSection(tables) => {
                for table in tables.clone() {
                    self.take_table(&table?.ty)?;
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    self.take_memory(memory?)?;
                }
            }
            Payload::TagSection(tags) => self.take_tags(tags.count().into())?,
            Payload::GlobalSection(globals) => {
                for global in globals.clone() {
                    let global = global?;
                    self.take_global(global.ty, Some(global.init_expr))?;
                }
            }
            Payload::ExportSection(exports) => {
                check("exports", exports.count().into(), limits.exports)?;
                for export in exports.clone() {
                    self.module.exports.push(export?);
                }
            }
            Payload::StartSection { func, .. } => self.module.start = Some(*func),
            Payload::ElementSection(segments) => {
                let count = segments.count().into();
                check("element segments", count, limits.element_segments)?;
            }
            Payload::DataCountSection { count, .. } => {
                check("data segments", (*count).into(), limits.data_segments)?;
                self.module.has_data_count = true;
            }
            Payload::DataSection(segments) => {
                let count = segments.count().into();
                check("data segments", count, limits.data_segments)?;
                for segment in segments.clone() {
                    self.module.data.push(segment?);
                }
            }
            Payload::CustomSection(_) => {
                self.seen.custom_sections += 1;
                let count = self.seen.custom_sections;
                check("custom sections", count, limits.custom_sections)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What the parser says where a section lies is in the module.
    fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.module.bytes.get(range).unwrap_or_default()
    }

    fn take_type(&mut self, of: &CompositeInnerType) -> Result<()> {
        self.seen.types += 1;
        check("types", self.seen.types, self.limits.types)?;
        match of {
            CompositeInnerType::Func(of) => {
                self.seen.values += (of.params().len() + of.results().len()) as u64;
            }
            CompositeInnerType::Struct(of) => self.seen.fields += of.fields.len() as u64,
            _ => {}
        }
        check("fields", self.seen.fields, self.limits.fields)?;
        let most = self.limits.parameters_and_results;
        check("parameters and results", self.seen.values, most)
    }

    fn take_import(&mut self, import: Import<'a>) -> Result<()> {
        self.module.imports.push(import);
        match import.ty {
            TypeRef::Func(_) => self.take_functions(1),
            // The parser lets it pass, whatever the features; the compiler does not.
            TypeRef::FuncExact(_) => refuse(true, "an exact function"),
            TypeRef::Table(of) => self.take_table(&of),
            TypeRef::Memory(of) => self.take_memory(of),
            TypeRef::Global(of) => self.take_global(of, None),
            TypeRef::Tag(_) => self.take_tags(1),
        }
    }

    fn take_functions(&mut self, count: u64) -> Result<()> {
        self.seen.functions += count;
        check("functions", self.seen.functions, self.limits.functions)
    }

    fn take_tags(&mut self, count: u64) -> Result<()> {
        self.seen.tags += count;
        check("tags", self.seen.tags, self.limits.tags)
    }

    fn take_global(&mut self, of: GlobalType, initializer: Option<ConstExpr<'a>>) -> Result<()> {
        self.module.globals.push(Global { of, initializer });
        let count = self.module.globals.len() as u64;
        check("globals", count, self.limits.globals)
    }

    fn take_table(&mut self, of: &TableType) -> Result<()> {
        refuse(of.shared, "a shared table")?;
        refuse(of.table64, "a 64-bit table")?;
        let most = self.limits.table_elements;
        if of.initial > most {
            return exhausted(format!(
                "WASM module declares a table larger than allowed (limit={most} elements): \
                 table {} has a minimum of {} elements",
                self.seen.tables, of.initial
            ));
        }
        self.seen.tables += 1;
        check("tables", self.seen.tables, self.limits.tables)
    }

    fn take_memory(&mut self, of: MemoryType) -> Result<()> {
        refuse(of.shared, "a shared memory")?;
        refuse(of.memory64, "a 64-bit memory")?;
        refuse(
            of.page_size_log2.is_some(),
            "a memory with its own page size",
        )?;
        let most = self.limits.memory;
        let index = self.module.memories.len();
        if let Some(maximum) = of.maximum {
            let (size, most) = (maximum.saturating_mul(PAGE), self.limits.memory_maximum);
            if size > most {
                return exhausted(format!(
                    "WASM module declares memory larger than allowed (limit={most} bytes): \
                     memory {index} has a maximum of {size} bytes"
                ));
            }
        }
        let size = of.initial.saturating_mul(PAGE);
        self.seen.memory = self.seen.memory.saturating_add(size);
        if self.seen.memory > most {
            let together = match index {
                0 => String::new(),
                _ => format!(", all so far together {} bytes", self.seen.memory),
            };
            return exhausted(format!(
                "WASM module declares memory larger than allowed (limit={most} bytes): \
                 memory {index} has a minimum of {size} bytes{together}"
            ));
        }
        self.module.memories.push(of);
        let count = self.module.memories.len() as u64;
        check("memories", count, self.limits.memories)
    }

    fn check_size(&self, body: &FunctionBody<'a>) -> Result<()> {
        let size = body.range().len() as u64;
        if size > self.limits.function_body {
            let what = format!("bytes of code in {}", self.place());
            return over(&what, size, self.limits.function_body);
        }
        Ok(())
    }

    fn take_body(&mut self, body: &FunctionBody<'a>) -> Result<()> {
        let locals = match self.module.features.walk(body) {
            Ok(locals) => locals,
            Err(error) => return Err(malformed(&format!("{}: ", self.place()), &error)),
        };
        if locals > self.limits.locals {
            let what = format!("locals in {}", self.place());
            return over(&what, locals, self.limits.locals);
        }
        self.seen.bodies += 1;
        Ok(())
    }

    /// Which function's body comes next.
    fn place(&self) -> String {
        let is_function = |each: &&Import| matches!(each.ty, TypeRef::Func(_));
        let imported = self.module.imports.iter().filter(is_function).count() as u64;
        format!("function {}", imported + self.seen.bodies)
    }
}

fn over<T>(what: &str, value: u64, limit: u64) -> Result<T> {
    exhausted(format!("WASM module has {value} {what}, limit {limit}"))
}

fn check(what: &str, value: u64, limit: u64) -> Result<()> {
    if value > limit {
        return over(what, value, limit);
    }
    Ok(())
}

fn refuse(is_needed: bool, what: &str) -> Result<()> {
    if is_needed {
        return unimplemented(format!("WASM module needs {what}, which is not supported"));
    }
    Ok(())
}
