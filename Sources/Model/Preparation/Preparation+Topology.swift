// The topology of a run: regions and uplinks get their instances, links their regions.

extension Preparation {
    private static let network = TOMLPath.root.key("network")

    /// The network of a run; what is wrong with it is reported.
    ///
    /// - Parameter counts: instances of each group of the run, in their order.
    mutating func network(of placed: PlacedRun, _ members: [Member], counts: [Int]) -> NetworkPlan {
        guard let topology = written.topology else { return NetworkPlan() }
        var network = NetworkPlan()
        network.hasIPv6 = topology.hasIPv6
        network.mtu = topology.mtu ?? network.mtu
        network.subnetBits = topology.subnetBits ?? network.subnetBits
        network.defaultLink = topology.defaultLink
        network.regions = topology.regions.map(\.name)
        network.uplinks = topology.uplinks.map {
            NetworkPlan.Uplink(bandwidthBitsPerSecond: $0.bandwidthBitsPerSecond, queueBytes: $0.queueBytes)
        }
        let total = counts.reduce(0, +)
        if total > network.mostInstances {
            report(
                .error, at: Self.network.key("subnet_bits"),
                "run \"\(placed.run.id)\" has \(total) instances, more than the \(network.mostInstances) "
                    + "of a data network of \(network.subnetBits) bits", remedy: "write a smaller subnet_bits"
            )
        }
        // A group of a run may have an id of its own; the topology may name either.
        let groups = zip(members, counts).map { member, count in
            PlacedGroup(
                id: member.group.effectiveID,
                names: [member.group.effectiveID, member.group.effectiveGroupID],
                count: count)
        }
        for group in groups { network.places[group.id] = Array(repeating: .init(), count: group.count) }
        place(topology.regions, groups, &network)
        place(topology.uplinks, groups, &network)
        connect(topology, &network)
        return network
    }

    private struct PlacedGroup {
        var id: String
        var names: Set<String>
        var count: Int
    }

    // MARK: Who is where

    private mutating func place(
        _ regions: [Topology.Region], _ groups: [PlacedGroup], _ network: inout NetworkPlan
    ) {
        // Instances of a group are handed out in the order of the regions, from its first.
        var taken: [String: (share: Double, count: Int)] = [:]
        for (number, region) in regions.enumerated() {
            let path = Self.network.key("regions").index(number)
            if let first = regions.firstIndex(where: { $0.name == region.name }), first != number {
                report(
                    .error, at: path.key("name"),
                    "the region \"\(region.name)\" stands here again"
                        + firstSeen(Self.network.key("regions").index(first)),
                    remedy: "give each region a name of its own")
            }
            checkNames(region.groups, at: path.key("groups"))
            for group in groups where region.groups.isEmpty || !group.names.isDisjoint(with: region.groups) {
                var (share, count) = taken[group.id] ?? (0, 0)
                share += region.share ?? 1
                // Thirds written as 0.333 and 0.334 may add up to a little more than all.
                guard share <= 1 + 1e-9 else {
                    report(
                        .error, at: path,
                        "the regions up to \"\(region.name)\" want more than all instances of group "
                            + "\"\(group.id)\"",
                        remedy: "lower a percentage, or take the group out of a region")
                    continue
                }
                // Cumulative shares are rounded, so that all together take all.
                let end = min(group.count, Int((share * Double(group.count)).rounded()))
                for index in count..<max(count, end) { network.places[group.id]?[index].region = number }
                count = max(count, end)
                taken[group.id] = (share, count)
            }
        }
    }

    private mutating func place(
        _ uplinks: [Topology.Uplink], _ groups: [PlacedGroup], _ network: inout NetworkPlan
    ) {
        var taken: [String: Int] = [:]
        for (number, uplink) in uplinks.enumerated() {
            let path = Self.network.key("uplinks").index(number)
            checkNames(uplink.groups, at: path.key("groups"))
            for group in groups where !group.names.isDisjoint(with: uplink.groups) {
                if let first = taken[group.id] {
                    report(
                        .error, at: path.key("groups"),
                        "the group \"\(group.id)\" is behind two uplinks"
                            + firstSeen(Self.network.key("uplinks").index(first)),
                        remedy: "put each group behind one")
                }
                taken[group.id] = number
                for index in 0..<group.count { network.places[group.id]?[index].uplink = number }
            }
        }
    }

    private mutating func checkNames(_ names: [String], at path: TOMLPath) {
        let known = written.groups.map(\.id) + written.runs.flatMap { $0.groups.map(\.effectiveID) }
        for (index, name) in names.enumerated() where !known.contains(name) {
            report(
                .error, at: path.index(index), "the composition has no group \"\(name)\"",
                remedy: nearestName(to: name, among: known).map { "did you mean \"\($0)\"?" })
        }
    }

    // MARK: What lies between

    private mutating func connect(_ topology: Topology, _ network: inout NetworkPlan) {
        let names = network.regions
        network.links = names.map { _ in names.map { _ in nil } }
        if topology.matrix.count == names.count { network.links = topology.matrix }
        // First the directions that follow from others, so that those with links of their own stay.
        for isMirrored in [true, false] {
            for (position, link) in topology.links.enumerated() {
                let path = Self.network.key("links").index(position)
                guard let from = number(of: link.from, names, at: path.key("from"), isFirst: isMirrored),
                    let to = number(of: link.to, names, at: path.key("to"), isFirst: isMirrored)
                else { continue }
                if !isMirrored {
                    network.links[from][to] = link.quality
                } else if link.isSymmetric {
                    network.links[to][from] = link.quality
                }
            }
        }
    }

    private mutating func number(
        of name: String, _ names: [String], at path: TOMLPath, isFirst: Bool
    ) -> Int? {
        if let number = names.firstIndex(of: name) { return number }
        // Both rounds come by here; once is enough to say it.
        if isFirst {
            report(
                .error, at: path, "the network has no region \"\(name)\"",
                remedy: nearestName(to: name, among: names).map { "did you mean \"\($0)\"?" }
                    ?? (names.isEmpty ? "write [[network.regions]]" : "it has \(list(names))"))
        }
        return nil
    }
}
