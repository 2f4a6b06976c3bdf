//! The sections of a component.

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentImport, ComponentInstance, CoreType, Error, Instance,
    Payload,
};

use super::Expansion;
use super::scope::{Entity, Names, Space};
use super::walk::Walk;

impl<'a> Walk<'a> {
    pub(super) fn component_section(&mut self, payload: Payload<'a>) -> Result<(), Error> {
        match payload {
            Payload::CoreTypeSection(section) => self.each(section, |walk, ty| walk.core_type(&ty)),
            Payload::ComponentTypeSection(section) => self.type_section(&section),
            Payload::ComponentImportSection(section) => self.each(section, |walk, import| walk.import(&import)),
            Payload::ComponentExportSection(section) => self.each(section, |walk, export| walk.export(&export)),
            Payload::ComponentAliasSection(section) => self.each(section, |walk, alias| walk.alias(&alias)),
            Payload::InstanceSection(section) => self.each(section, |walk, it| walk.core_instance(&it)),
            Payload::ComponentInstanceSection(section) => self.each(section, |walk, it| walk.component_instance(&it)),
            Payload::ComponentCanonicalSection(section) => self.each(section, |walk, it| walk.canonical(&it)),
            Payload::ComponentStartSection { .. } => {
                self.counts.starts += 1;
                Ok(())
            }
            // What else there may be is for the validator to refuse.
            _ => Ok(()),
        }
    }

    pub(super) fn end_component(&mut self) {
        if !self.blind {
            let component = self.leave();
            self.counts.expanded.raise(&component.made.unwrap_or_default());
            self.define(Space::Component, component);
        }
    }

    pub(super) fn core_type(&mut self, ty: &CoreType<'a>) {
        match ty {
            CoreType::Rec(group) => {
                for _ in group.types() {
                    self.define(Space::CoreType, Entity::LEAF);
                }
                self.core_types(group);
            }
            CoreType::Module(declarations) => {
                self.count_definitions(declarations.len());
                self.define(Space::CoreType, Entity { nodes: 1 + declarations.len() as u64, ..Entity::LEAF });
            }
        }
    }

    pub(super) fn import(&mut self, import: &ComponentImport<'a>) {
        self.name(import.name.name);
        self.link(None, import.ty.kind(), self.typed(import.ty));
    }

    fn export(&mut self, export: &ComponentExport<'a>) {
        self.name(export.name.name);
        let mut entity = self.find(0, export.kind.into(), export.index);
        if let Some(ty) = export.ty {
            // What it is gets compared with what it is said to be.
            self.spend(entity.nodes);
            entity = Entity { made: entity.made, ..self.typed(ty) };
        }
        self.link(Some(export.name.name), export.kind, entity);
    }

    pub(super) fn alias(&mut self, alias: &ComponentAlias<'a>) {
        match *alias {
            ComponentAlias::InstanceExport { kind, instance_index, name } => {
                self.define(kind.into(), self.exported(instance_index, name));
            }
            ComponentAlias::Outer { kind, count, index } => {
                self.define(kind.into(), self.find(count, kind.into(), index));
            }
            // The index spaces of core modules have no part in this.
            ComponentAlias::CoreInstanceExport { .. } => {}
        }
    }

    fn core_instance(&mut self, instance: &Instance<'a>) {
        match instance {
            Instance::Instantiate { module_index, args } => {
                self.count_definitions(args.len());
                args.iter().for_each(|arg| self.name(arg.name));
                self.instantiate(self.find(0, Space::Module, *module_index));
            }
            Instance::FromExports(exports) => {
                self.count_definitions(exports.len());
                exports.iter().for_each(|export| self.name(export.name));
            }
        }
    }

    fn component_instance(&mut self, instance: &ComponentInstance<'a>) {
        match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                self.count_definitions(args.len());
                for arg in args {
                    self.spend(self.find(0, arg.kind.into(), arg.index).nodes);
                }
                let component = self.find(0, Space::Component, *component_index);
                self.instantiate(component);
                self.make(&Expansion { component_instances: 1, ..Expansion::default() });
                self.define(Space::Instance, Entity { made: None, ..component });
            }
            ComponentInstance::FromExports(exports) => {
                self.count_definitions(exports.len());
                let found = |it: &ComponentExport<'a>| (it.name.name, self.find(0, it.kind.into(), it.index));
                let names: Names<'a> = exports.iter().map(found).collect();
                let instance = self.exporting(Entity::of(names.values().copied()), names);
                self.define(Space::Instance, instance);
            }
        }
    }

    fn instantiate(&mut self, entity: Entity) {
        self.spend(entity.nodes);
        match entity.made {
            Some(made) => self.make(&made),
            // An index that leads nowhere is for the validator to refuse.
            None if entity.nodes == 0 => {}
            None => self.counts.foreign_instances += 1,
        }
    }

    fn make(&mut self, more: &Expansion) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.made.add(more);
        }
    }

    fn canonical(&mut self, function: &CanonicalFunction) {
        let nodes = match *function {
            CanonicalFunction::Lift { type_index, .. } => {
                let ty = self.find(0, Space::Type, type_index);
                self.define(Space::Function, ty);
                ty.nodes
            }
            CanonicalFunction::Lower { func_index, .. } => self.find(0, Space::Function, func_index).nodes,
            _ => 1,
        };
        self.spend(nodes);
        self.make(&Expansion { adapters: 1, adapter_nodes: nodes, ..Expansion::default() });
    }
}
