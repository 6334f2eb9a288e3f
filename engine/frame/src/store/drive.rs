//! What kind of drive a folder lies on: file locks mean nothing on some of those that other machines write to as well.

use std::path::Path;

/// Kinds of file systems, by the words of the mount table, that lie on other machines.
const REMOTE: [&str; 16] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "9p",
    "ceph",
    "lustre",
    "gpfs",
    "beegfs",
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.ceph",
    "fuse.rclone",
    "fuse.s3fs",
];

/// True for a folder on a drive of another machine, as far as the mount table tells; systems without one are taken for local.
pub fn is_remote(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    std::fs::read_to_string("/proc/self/mounts").is_ok_and(|mounts| remote_by(&mounts, &folder))
}

/// The kind of the mount that is nearest above the folder; of two at one place the later one counts.
fn remote_by(mounts: &str, folder: &Path) -> bool {
    let mut nearest = (0, "");
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        let (Some(place), Some(kind)) = (words.next(), words.next()) else { continue };
        // The table writes blanks and the like as octal numbers.
        let place = place.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
        let depth = Path::new(&place).iter().count();
        if folder.starts_with(&place) && depth >= nearest.0 {
            nearest = (depth, kind);
        }
    }
    REMOTE.contains(&nearest.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_decides() {
        let mounts = "/dev/vda / ext4 rw 0 0\nfiler:/home /home nfs4 rw 0 0\ntmpfs /home/me/scratch tmpfs rw 0 0\nfiler:/x /data/my\\040runs cifs rw 0 0\n";
        let remote = |folder: &str| remote_by(mounts, Path::new(folder));
        assert!(remote("/home/me/runs") && remote("/data/my runs/a"));
        assert!(!remote("/home/me/scratch/runs") && !remote("/homes") && !remote("/data") && !remote("/"));
    }
}
