internal import Bytes
package import RhizomeIdentity

/// `--keep`: `all`, `none`, or ids separated by commas.
package struct KeepArgument {
    /// What stays.
    package let keep: Keep

    package init(parsing argument: String) throws(UnusableValue) {
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
