import Bytes
import CommandSupport
import RhizomeIdentity

/// A value of an option that can't be used, told by what is allowed.
struct UnusableValue: Error, CustomStringConvertible {
    /// What is allowed.
    let description: String

    init(allowed: String) { description = "give " + allowed }
}

/// `--address` of `show`.
struct HostAndPort {
    static let form = "a host and a port, as bob.example.org:4000"

    let address: PeerAddress

    init(parsing argument: String) throws(UnusableValue) {
        guard let address = PeerAddress(argument) else { throw UnusableValue(allowed: Self.form) }
        self.address = address
    }
}

/// `--address`: an address, or `none`.
enum AddressArgument {
    case address(PeerAddress)
    case none

    init(parsing argument: String) throws(UnusableValue) {
        if let address = PeerAddress(argument) {
            self = .address(address)
        } else if argument == "none" {
            self = .none
        } else {
            throw UnusableValue(allowed: HostAndPort.form)
        }
    }
}

/// `--may`: permissions, separated by commas; nothing for none of them.
struct PermissionsArgument {
    let permissions: Set<Permission>

    init(parsing argument: String) throws(UnusableValue) {
        var permissions: Set<Permission> = []
        for name in argument.split(separator: ",") {
            guard let permission = Permission(rawValue: String(name)) else {
                throw UnusableValue(allowed: "author, connect or introduce, separated by commas")
            }
            permissions.insert(permission)
        }
        self.permissions = permissions
    }
}

/// `--until`: an RFC 3339 date or date-time, or `never`.
struct UntilArgument {
    let time: Timestamp?

    init(parsing argument: String) throws(UnusableValue) {
        if argument == "never" {
            time = nil
        } else {
            guard let time = Timestamp(argument) else {
                throw UnusableValue(
                    allowed: "a date as 2027-12-31, a date-time as 2027-12-31T12:00:00+01:00 (RFC 3339), or never"
                )
            }
            self.time = time
        }
    }
}

/// `--keep`: `all`, `none`, or ids separated by commas.
struct KeepArgument {
    let keep: Keep

    init(parsing argument: String) throws(UnusableValue) {
        switch argument {
        case "all": keep = .all
        case "none": keep = .none
        default:
            let ids = argument.split(separator: ",", omittingEmptySubsequences: false)
                .compactMap { Hex.decode($0).flatMap { Bytes32($0) } }
            guard ids.count == argument.split(separator: ",", omittingEmptySubsequences: false).count,
                ids.count <= Keep.mostIDs
            else {
                throw UnusableValue(allowed: "all, none, or up to \(Keep.mostIDs) ids of deltas, separated by commas")
            }
            keep = .ids(ids)
        }
    }
}
