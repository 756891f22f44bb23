"""Where reach is computed: in this process or on a cluster, and its compilation ahead of use."""
