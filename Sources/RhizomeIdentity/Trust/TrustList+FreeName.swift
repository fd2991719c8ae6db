public import Bytes
public import SignedStatements

extension TrustList {
    /// The name itself where it is free, else the first of `name-2`, `name-3`, … that is.
    ///
    /// - Parameters:
    ///   - name: a petname.
    ///   - taken: further names that aren't free.
    /// - Complexity: O(names that begin alike).
    public func freeName(
        like name: String,
        of identity: PublicKey,
        besides taken: Set<String> = [],
        at now: Timestamp
    ) -> String {
        let reserved = Set(openInvitations(at: now).map(\.name)).union(taken)
        func isFree(_ name: String) -> Bool {
            let holder = self.identity(named: name)
            return (holder == nil || holder == identity) && !reserved.contains(name)
        }
        if isFree(name) { return name }
        var number = 2
        while true {
            let suffix = "-\(number)"
            // A petname has 64 characters at most.
            let candidate = String(name.prefix(64 - suffix.count)) + suffix
            if isFree(candidate) { return candidate }
            number += 1
        }
    }
}
