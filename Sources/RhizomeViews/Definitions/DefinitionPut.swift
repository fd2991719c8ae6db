public import Bytes
internal import RhizomeCore
internal import StrictJSON

/// A definition that is to be written under a name (spec: schemas.md, "Names and storing").
public struct DefinitionPut<Content: Definition>: Sendable {
    /// The name.
    public let name: Text
    /// What it is to mean.
    public let definition: Content
    /// Its JSON.
    public let encoded: [UInt8]

    /// Takes what was asked for.
    ///
    /// - Throws: ``FieldError`` at `name` for one that none of this kind can have.
    public init(name: Text, definition: Content) throws(FieldError) {
        try Content.checkName(name)
        self.name = name
        self.definition = definition
        encoded = definition.json.encoded
    }

    /// The delta that makes it so; `nil` where the name means just this already.
    ///
    /// - Parameter current: what the writer's own one of this name is, if there is one.
    public func delta(changing current: StoredDefinition<Content>?) -> PlannedDelta? {
        if current?.encoded == encoded { return nil }
        return PlannedDelta(
            pointers: [
                Pointer(Content.localContext, entity: name, targetContext: ControlName.definition),
                Pointer(ControlName.definition, .text(Text(String(decoding: encoded, as: UTF8.self)))),
            ],
            replacedTime: current?.timeCreated
        )
    }
}
