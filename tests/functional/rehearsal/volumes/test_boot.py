"""What a host's fstab says is mounted when it boots, by id or by UUID, as on EC2."""

from collections.abc import Callable

from tests.functional.rehearsal.volumes.conftest import Cloud, Host
from tests.waiting import wait_until

BY_ID = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"


def boot_finished(host: Host) -> Callable[[], bool]:
    return lambda: host.container.exec_run("systemctl is-system-running").output.strip() == b"running"


def test_a_host_stopped_and_started_has_its_volumes_mounted_with_what_was_on_them(cloud: Cloud) -> None:
    host, one, two = cloud.host("/sbin/init"), cloud.volume(), cloud.volume()
    cloud.attach(one, host)
    cloud.attach(two, host, "/dev/sdg")
    cloud.step()
    wait_until(boot_finished(host), 20, "boot")
    host.run("mkfs.ext4 -q /dev/sdf; mkfs.ext4 -q /dev/sdg; mkdir /one /two")
    host.run(f"echo {BY_ID}{one.replace('-', '')} /one ext4 defaults 0 2 >/etc/fstab")
    host.run("echo UUID=$(blkid -s UUID -o value /dev/sdg) /two ext4 defaults 0 2 >>/etc/fstab")
    host.run("mount -a; echo 1 >/one/file; echo 2 >/two/file")
    host.container.stop()
    assert cloud.step().attached == frozenset()
    host.container.start()
    assert cloud.step().attached == {(host.id, one), (host.id, two)}
    wait_until(boot_finished(host), 20, "boot")
    assert host.run("cat /one/file /two/file; findmnt -no SOURCE /one; findmnt -no SOURCE /two").split() == [
        *("1", "2"),
        *("/dev/sdf", "/dev/sdg"),
    ]
    assert host.run("systemctl is-active one.mount two.mount").split() == ["active", "active"]


def test_a_file_system_made_after_boot_is_found_by_its_uuid(cloud: Cloud) -> None:
    host, volume = cloud.host("/sbin/init"), cloud.volume()
    cloud.step()
    wait_until(boot_finished(host), 20, "boot")
    cloud.attach(volume, host)
    cloud.step()
    host.run("mkfs.ext4 -q -L library /dev/sdf; mkdir /library; echo LABEL=library /library ext4 >/etc/fstab")
    cloud.step()
    host.run("systemctl daemon-reload; systemctl start library.mount")
    assert host.run("readlink -f /dev/disk/by-label/library; findmnt -no TARGET /dev/sdf").split() == [
        *("/dev/sdf", "/library"),
    ]
    host.run("umount /library")
    cloud.detach(volume)
    cloud.step()
    assert host.run("ls /dev/disk/by-label /run/udev/data") == "/dev/disk/by-label:\n\n/run/udev/data:"


def test_a_host_without_volumes_waits_for_none(cloud: Cloud) -> None:
    host = cloud.host("/sbin/init")
    cloud.step()
    wait_until(boot_finished(host), 8, "boot")
    assert host.run("systemctl is-active rehearsal-volumes.service") == "active"
