// Ids as names of folders.

/// A builder's or runner's id as the name of a folder: `local:exec` → `local_exec`.
package func folderName(of id: String) -> String {
    String(id.map { $0 == ":" ? "_" : $0 })
}
