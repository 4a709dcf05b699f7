# Keeps two sockets and starts programs on them, as systemd does (sd_listen_fds(3)). Prints the two ports; for each line that
# it reads, starts that as a command of the shell and prints its pid. Ends with its input.
use strict;
use warnings;
use POSIX;
use Socket;

$| = 1;
# Descriptors are not closed when a program is executed.
$^F = 255;
my @ports;
my @sockets;
for my $wanted (3, 4) {
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  bind($socket, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
  listen($socket, 4096) or die "listen: $!";
  push @sockets, $socket;
  push @ports, (sockaddr_in(getsockname($socket)))[0];
  die "descriptor " . fileno($socket) if fileno($socket) != $wanted && !POSIX::dup2(fileno($socket), $wanted);
}
print "@ports\n";
while (my $command = <STDIN>) {
  chomp $command;
  my $pid = fork();
  die "fork: $!" unless defined $pid;
  if ($pid == 0) {
    $ENV{LISTEN_PID} = $$;
    $ENV{LISTEN_FDS} = 2;
    $ENV{LISTEN_FDNAMES} = 'http:https';
    exec 'sh', '-c', "exec $command" or die "exec: $!";
  }
  print "$pid\n";
}
