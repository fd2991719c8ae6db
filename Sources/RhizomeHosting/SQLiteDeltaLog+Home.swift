internal import Bytes
internal import Logging
internal import RhizomeIdentity
internal import RhizomeStore

extension SQLiteDeltaLog {
    /// Opens a home's store for writing, and tells of what its witness finds.
    static func open(home: Home, version: String = SoftwareVersion.current, logger: Logger) throws -> SQLiteDeltaLog {
        let log = try SQLiteDeltaLog.open(folder: home.path + "/data", version: version, now: SystemTime.now)
        if let finding = log.witnessFinding {
            logger.error("the store was changed from outside", metadata: ["finding": "\(finding.message)"])
        }
        return log
    }
}
