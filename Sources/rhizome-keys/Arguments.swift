import ArgumentParser
import Bytes
import CommandSupport
import RhizomeIdentity

/// `--address` of `show`.
struct HostAndPort: ExpressibleByArgument {
    let address: PeerAddress

    init?(argument: String) {
        guard let address = PeerAddress(argument) else { return nil }
        self.address = address
    }
}

/// `--address`: an address, or `none`.
enum AddressArgument: ExpressibleByArgument {
    case address(PeerAddress)
    case none

    init?(argument: String) {
        if let address = PeerAddress(argument) {
            self = .address(address)
        } else if argument == "none" {
            self = .none
        } else {
            return nil
        }
    }
}

/// `--may`: permissions, separated by commas; nothing for none of them.
struct PermissionsArgument: ExpressibleByArgument {
    let permissions: Set<Permission>

    init?(argument: String) {
        var permissions: Set<Permission> = []
        for name in argument.split(separator: ",") {
            guard let permission = Permission(rawValue: String(name)) else { return nil }
            permissions.insert(permission)
        }
        self.permissions = permissions
    }
}

/// `--until`: an RFC 3339 date or date-time, or `never`.
struct UntilArgument: ExpressibleByArgument {
    let time: Int64?

    init?(argument: String) {
        if argument == "never" {
            time = nil
        } else {
            guard let time = Timestamp.parse(argument) else { return nil }
            self.time = time
        }
    }
}

/// `--keep`: `all`, `none`, or ids separated by commas.
struct KeepArgument: ExpressibleByArgument {
    let keep: Keep

    init?(argument: String) {
        switch argument {
        case "all": keep = .all
        case "none": keep = .none
        default:
            let ids = argument.split(separator: ",", omittingEmptySubsequences: false)
                .compactMap { Hex.decode($0).flatMap { Bytes32($0) } }
            guard ids.count == argument.split(separator: ",", omittingEmptySubsequences: false).count,
                ids.count <= Keep.mostIDs
            else { return nil }
            keep = .ids(ids)
        }
    }
}
