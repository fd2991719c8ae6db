public import Bytes
internal import DeterministicCBOR
public import SignedStatements

/// What a trust statement says of its subject: the whole entry, defaults where it is silent.
public struct TrustChange: Hashable, Sendable {
    /// Whether trust is given or taken back, or to be given to whoever has an invitation's code.
    public enum Action: String, Hashable, Sendable {
        case trust, distrust, invite
    }

    /// What a peer may do where the statement doesn't say.
    public static let defaultPermissions: Set<Permission> = [.author, .connect]

    /// Whose entry it is; of an invitation its key.
    public let identity: PublicKey
    /// Whether trust is given or taken back, or to be given to whoever has an invitation's code.
    public let action: Action
    /// The petname, unique among trusted entries and open invitations; `nil` for distrusted ones.
    public var name: String?
    /// Request addresses, tried one at a time in this order.
    public var addresses: [PeerAddress] = []
    /// What the peer may do, or the guest will; empty for distrusted ones.
    public var may: Set<Permission> = []
    /// When trust ends: µs since 1970; never where `nil`.
    public var until: Timestamp?
    /// What the owner wrote beside it.
    public var note: String?
    /// What of a distrusted author stays; `all` for trusted ones, for the time after `until`.
    public var keep: Keep = .all
    /// Why trust was taken back.
    public var reason: String?
    /// The key of the invitation by which trust was given, on either side.
    public var invitation: PublicKey?
    /// Until when an invitation can be taken; 7 days after its statement where `nil`.
    public var expires: Timestamp?
    /// Whether the guest of an invitation may nothing until its owner has compared fingerprints.
    public var needsConfirmation = false
    /// Whose introduction, or its end, had the node state this by itself; `nil` where a person did, or an invitation.
    public var introducedBy: PublicKey?
    /// The delta by which a trusted peer was introduced.
    public var introduction: Bytes32?

    private init(_ identity: PublicKey, _ action: Action) {
        self.identity = identity
        self.action = action
    }

    /// Gives trust.
    public static func trust(
        _ identity: PublicKey,
        name: String?,
        addresses: [PeerAddress] = [],
        may: Set<Permission> = defaultPermissions,
        until: Timestamp? = nil,
        note: String? = nil,
        invitation: PublicKey? = nil
    ) -> TrustChange {
        var change = TrustChange(identity, .trust)
        change.name = name
        change.addresses = addresses
        change.may = may
        change.until = until
        change.note = note
        change.invitation = invitation
        return change
    }

    /// Gives whoever has the code of an invitation the right to become a trusted peer (spec: meeting.md,
    /// "Invitations").
    ///
    /// - Parameters:
    ///   - key: the invitation key.
    ///   - name: the petname that the guest will have.
    ///   - may: what the guest will be allowed; so with `until` and `note`.
    public static func invite(
        _ key: PublicKey,
        name: String,
        may: Set<Permission> = defaultPermissions,
        until: Timestamp? = nil,
        note: String? = nil,
        expires: Timestamp? = nil,
        needsConfirmation: Bool = false
    ) -> TrustChange {
        var change = TrustChange(key, .invite)
        change.name = name
        change.may = may
        change.until = until
        change.note = note
        change.expires = expires
        change.needsConfirmation = needsConfirmation
        return change
    }

    /// Gives trust to whom another peer has introduced (spec: meeting.md, "Introductions").
    ///
    /// - Parameters:
    ///   - introducer: who did.
    ///   - introduction: the delta by which it did.
    static func trust(
        _ identity: PublicKey,
        name: String,
        addresses: [PeerAddress],
        may: Set<Permission>,
        until: Timestamp?,
        introducedBy introducer: PublicKey,
        introduction: Bytes32
    ) -> TrustChange {
        var change = trust(identity, name: name, addresses: addresses, may: may, until: until)
        change.introducedBy = introducer
        change.introduction = introduction
        return change
    }

    /// Takes trust back.
    ///
    /// - Parameter introducer: whose introduction has ended, where that is why.
    public static func distrust(
        _ identity: PublicKey,
        keep: Keep = .all,
        reason: String? = nil,
        introducedBy introducer: PublicKey? = nil
    ) -> TrustChange {
        var change = TrustChange(identity, .distrust)
        change.keep = keep
        change.reason = reason
        change.introducedBy = introducer
        return change
    }
}

// MARK: - The attributes of the payload

extension TrustChange {
    /// Why an attributes map is not one.
    enum Fault: Error {
        /// Holds something that this version doesn't know: named for people.
        case newer(String)
        /// Breaks a rule of the spec: told for people.
        case broken(String)
    }

    /// The attributes map; what equals its default is left out.
    func writeAttributes(to writer: inout CBORWriter) {
        var attributes: [Text: [UInt8]] = [:]
        func put(_ key: Text, _ write: (inout CBORWriter) -> Void) {
            var value = CBORWriter()
            write(&value)
            attributes[key] = value.bytes
        }
        switch action {
        case .trust, .invite:
            if let name { put("name") { $0.text(Text(name)) } }
            if !addresses.isEmpty { put("addresses") { $0.addresses(addresses) } }
            if may != Self.defaultPermissions {
                put("may") { writer in
                    writer.array(may.count)
                    for permission in may.map({ Text($0.rawValue) }).sorted() { writer.text(permission) }
                }
            }
            if let until { put("until") { $0.integer(until.microseconds) } }
            if let note { put("note") { $0.text(Text(note)) } }
            if let invitation { put("invitation") { $0.byteString(invitation.bytes) } }
            if let expires { put("expires") { $0.integer(expires.microseconds) } }
            if needsConfirmation { put("confirm") { $0.bool(true) } }
            if let introduction { put("introduction") { $0.byteString(introduction) } }
        case .distrust:
            switch keep {
            case .all: break
            case .none: put("keep") { $0.text("none") }
            case .ids(let ids):
                put("keep") { writer in
                    writer.array(ids.count)
                    for id in ids { writer.byteString(id) }
                }
            }
            if let reason { put("reason") { $0.text(Text(reason)) } }
        }
        if let introducedBy { put("introducedBy") { $0.byteString(introducedBy.bytes) } }
        writer.textMap(attributes)
    }

    /// Reads what a statement says of its subject.
    init(reading reader: inout CBORReader, action name: Text, of identity: PublicKey) throws {
        guard let action = Action(rawValue: name.string), Text(action.rawValue) == name else {
            throw Fault.newer("the action \"\(name)\"")
        }
        self.init(identity, action)
        if action != .distrust { may = Self.defaultPermissions }
        var last: Text?
        for _ in 0..<(try reader.map()) {
            let key = try reader.text()
            // Text keys are sorted by their length first, which is in their head.
            if let last, (last.count, last) >= (key.count, key) { throw Fault.broken("its attributes are not sorted") }
            last = key
            switch (action, key) {
            case (.trust, "name"), (.invite, "name"): self.name = try Self.name(&reader)
            case (.trust, "addresses"): addresses = try Self.addresses(&reader)
            case (.trust, "may"), (.invite, "may"): may = try Self.permissions(&reader)
            case (.trust, "until"), (.invite, "until"): until = Timestamp(microseconds: try reader.integer())
            case (.trust, "note"), (.invite, "note"): note = try reader.text().string
            case (.trust, "invitation"): invitation = PublicKey(try reader.bytes32())
            case (.trust, "introducedBy"), (.distrust, "introducedBy"):
                introducedBy = PublicKey(try reader.bytes32())
            case (.trust, "introduction"): introduction = try reader.bytes32()
            case (.invite, "expires"): expires = Timestamp(microseconds: try reader.integer())
            case (.invite, "confirm"): needsConfirmation = try reader.bool()
            case (.distrust, "keep"): keep = try Self.keep(&reader)
            case (.distrust, "reason"): reason = try reader.text().string
            default: throw Fault.newer("the attribute \"\(key)\" of \(action.rawValue)")
            }
        }
    }

    private static func name(_ reader: inout CBORReader) throws -> String {
        let name = try reader.text().string
        guard PeerName.isValid(name) else { throw Fault.broken("its petname is not 1 to 64 of A-Z a-z 0-9 . _ -") }
        return name
    }

    private static func addresses(_ reader: inout CBORReader) throws -> [PeerAddress] {
        do {
            return try reader.addresses()
        } catch is NoAddress {
            throw Fault.broken("an address is not host:port")
        }
    }

    private static func permissions(_ reader: inout CBORReader) throws -> Set<Permission> {
        var permissions: Set<Permission> = []
        var last: Text?
        for _ in 0..<(try reader.array()) {
            let text = try reader.text()
            guard let permission = Permission(rawValue: text.string), Text(permission.rawValue) == text else {
                throw Fault.newer("the permission \"\(text)\"")
            }
            if let last, last >= text { throw Fault.broken("its permissions are not sorted") }
            last = text
            permissions.insert(permission)
        }
        return permissions
    }

    private static func keep(_ reader: inout CBORReader) throws -> Keep {
        if try reader.kind() == .text {
            switch try reader.text() {
            case "all": return .all
            case "none": return .none
            case let other: throw Fault.newer("the keep \"\(other)\"")
            }
        }
        let count = try reader.array()
        guard count <= Keep.mostIDs else { throw Fault.broken("it keeps more than \(Keep.mostIDs) ids") }
        return .ids(try (0..<count).map { _ in try reader.bytes32() })
    }
}
